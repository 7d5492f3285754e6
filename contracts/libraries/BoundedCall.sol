// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Pays through code that may be hostile
/// @notice The callee gets a bounded amount of gas and cannot make the caller copy more than one word of returned data. A
/// payment that failed without having been offered all of that gas reverts everything: who sends the transaction cannot
/// choose the outcome "failed" by starving it (EIP-150 keeps back only a 64th).
library BoundedCall {
    /// @notice The transaction came with too little gas to make this call fairly; send more.
    error InsufficientGas(uint256 available, uint256 required);

    /// @dev What a call itself costs at most before the callee runs: cold account, value, new account, memory.
    uint256 private constant CALL_OVERHEAD = 40_000;
    /// @dev What a token may use to tell a balance. Those that compute it need some 50,000.
    uint256 private constant BALANCE_GAS = 100_000;

    /// @notice Sends `amount` of the native coin.
    /// @return sent What was sent: all or nothing.
    function send(address to, uint256 amount, uint256 gasLimit) internal returns (uint256 sent) {
        uint256 available = gasleft();
        bool accepted;
        assembly ("memory-safe") {
            accepted := call(gasLimit, to, amount, 0x00, 0x00, 0x00, 0x00)
        }
        if (accepted) return amount;
        _requireFair(available, gasLimit);
    }

    /// @notice Transfers `amount` of an ERC-20.
    /// @dev What a token answers counts for nothing: some answer nothing (USDT) or `false` although they paid, or `true`
    /// although they did not. One that does not tell its balance is not paid with.
    /// @return sent What left this contract, at most `amount`.
    function transfer(
        address token,
        address to,
        uint256 amount,
        uint256 gasLimit
    ) internal returns (uint256 sent) {
        uint256 available = gasleft();
        (bool known, uint256 before) = balance(token);
        if (known) {
            bytes4 selector = IERC20.transfer.selector;
            assembly ("memory-safe") {
                let data := mload(0x40)
                mstore(data, selector)
                mstore(add(data, 0x04), to)
                mstore(add(data, 0x24), amount)
                pop(call(gasLimit, token, 0, data, 0x44, 0x00, 0x00))
            }
            uint256 left;
            (known, left) = balance(token);
            if (known && left < before) sent = before - left;
        }
        if (sent >= amount) return amount;
        // Not only if nothing was sent: a token may catch its own starvation and do what it still can.
        _requireFair(available, gasLimit + 2 * BALANCE_GAS);
    }

    /// @notice What this contract owns of an ERC-20.
    /// @return known Whether the token told it.
    function balance(address token) internal view returns (bool known, uint256 amount) {
        bytes4 selector = IERC20.balanceOf.selector;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, address())
            known := staticcall(BALANCE_GAS, token, 0x00, 0x24, 0x00, 0x20)
            known := and(known, gt(returndatasize(), 0x1f))
            amount := mload(0x00)
        }
    }

    function _requireFair(uint256 available, uint256 gasLimit) private pure {
        uint256 required = (gasLimit * 64) / 63 + CALL_OVERHEAD;
        if (available < required) revert InsufficientGas(available, required);
    }
}
