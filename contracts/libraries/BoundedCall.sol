// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Calls to code that may be hostile
/// @notice The callee gets at most `gasLimit` gas and cannot make the caller copy more than one word of returned
/// data. A call that failed without having been offered that much reverts everything: who sends the transaction
/// cannot choose the outcome "failed" by starving it (EIP-150 keeps back only a 64th).
library BoundedCall {
    /// @notice The transaction came with too little gas to make this call fairly; send more.
    error InsufficientGas(uint256 available, uint256 required);

    /// @dev What a call itself costs at most before the callee runs: cold account, value, new account, memory.
    uint256 private constant CALL_OVERHEAD = 40_000;

    /// @notice Calls `target` with `value` wei.
    /// @return success Whether the call did not revert.
    /// @return size Length of the returned data in bytes.
    /// @return word Its first 32 bytes; meaningless if `size` is less.
    function tryCall(
        address target,
        uint256 value,
        uint256 gasLimit,
        bytes memory data
    ) internal returns (bool success, uint256 size, bytes32 word) {
        uint256 available = gasleft();
        assembly ("memory-safe") {
            success := call(gasLimit, target, value, add(data, 0x20), mload(data), 0x00, 0x20)
            size := returndatasize()
            word := mload(0x00)
        }
        if (!success) _requireFair(available, gasLimit);
    }

    function _requireFair(uint256 available, uint256 gasLimit) private pure {
        uint256 required = (gasLimit * 64) / 63 + CALL_OVERHEAD;
        if (available < required) revert InsufficientGas(available, required);
    }
}
