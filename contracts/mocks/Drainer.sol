// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {ISelfTest} from "../interfaces/ISelfTest.sol";

/// @title What a thief who can upgrade would put behind the escrow
contract Drainer {
    /// @notice Sends all there is of each token, and all native coin, to `to`.
    function drain(IERC20[] calldata tokens, address payable to) external {
        for (uint256 i = 0; i < tokens.length; ++i) {
            tokens[i].transfer(to, tokens[i].balanceOf(address(this)));
        }
        Address.sendValue(to, address(this).balance);
    }

    function selfTest() external pure returns (bytes4) {
        return ISelfTest.selfTest.selector;
    }
}
