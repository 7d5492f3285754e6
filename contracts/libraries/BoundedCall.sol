// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Calls to code that may be hostile
/// @notice The callee gets at most `gasLimit` gas and cannot make the caller copy more than one word of returned
/// data. A call that failed without having been offered that much reverts everything: who sends the transaction
/// cannot choose the outcome "failed" by starving it (EIP-150 keeps back only a 64th).
library BoundedCall {
    /// @notice The transaction came with too little gas to make this call fairly; send more.
    error InsufficientGas(uint256 available, uint256 required);

    /// @dev What a call itself costs at most before the callee runs: cold account, value, new account, memory.
    uint256 private constant CALL_OVERHEAD = 40_000;

    /// @notice Sends `amount` of the native coin.
    /// @return sent Whether the call did not revert.
    function trySend(address to, uint256 amount, uint256 gasLimit) internal returns (bool sent) {
        uint256 available = gasleft();
        assembly ("memory-safe") {
            sent := call(gasLimit, to, amount, 0x00, 0x00, 0x00, 0x00)
        }
        if (!sent) _requireFair(available, gasLimit);
    }

    /// @notice Transfers `amount` of an ERC-20. A token that returns nothing (USDT) is taken at its word.
    /// @return accepted Whether the call did not revert and what it returned, if anything, is `true`.
    function tryTransfer(
        address token,
        address to,
        uint256 amount,
        uint256 gasLimit
    ) internal returns (bool accepted) {
        bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
        uint256 available = gasleft();
        uint256 size;
        uint256 answer;
        assembly ("memory-safe") {
            accepted := call(gasLimit, token, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            size := returndatasize()
            answer := mload(0x00)
        }
        accepted = accepted && (size == 0 ? token.code.length != 0 : size >= 32 && answer == 1);
        // Also if it returned false: so does a token that catches its own starvation.
        if (!accepted) _requireFair(available, gasLimit);
    }

    function _requireFair(uint256 available, uint256 gasLimit) private pure {
        uint256 required = (gasLimit * 64) / 63 + CALL_OVERHEAD;
        if (available < required) revert InsufficientGas(available, required);
    }
}
