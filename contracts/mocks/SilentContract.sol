// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Accepts every call, does nothing and answers zero, as WETH's fallback accepts functions that it lacks
contract SilentContract {
    fallback() external {
        assembly {
            return(0x60, 0x20)
        }
    }
}
