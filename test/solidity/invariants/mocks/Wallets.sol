// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {MockContractWallet} from "../../../../contracts/mocks/MockContractWallet.sol";

/// @title Burns all the gas it is given when it is paid
contract GasBurningWallet is MockContractWallet {
    constructor(address owner_) MockContractWallet(owner_) {}

    receive() external payable {
        assembly {
            invalid()
        }
    }
}

/// @title Calls back into whoever pays it, and takes the coin whatever comes of it
contract ReentrantWallet is MockContractWallet {
    uint256 public entries;
    bytes private _reentry;

    constructor(address owner_) MockContractWallet(owner_) {}

    // solhint-disable-next-line no-complex-fallback
    receive() external payable {
        // solhint-disable-next-line avoid-low-level-calls
        (bool entered, ) = msg.sender.call(_reentry);
        if (_reentry.length != 0 && entered) ++entries;
    }

    function arm(bytes calldata reentry) external {
        _reentry = reentry;
    }
}
