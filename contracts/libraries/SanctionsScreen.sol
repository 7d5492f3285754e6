// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISanctionsOracle} from "../interfaces/external/ISanctionsOracle.sol";
import {ComplianceReason} from "../types/ComplianceTypes.sol";
import {BoundedCall} from "./BoundedCall.sol";

/// @title Asks a sanctions oracle that may be broken or hostile
/// @dev Fail-closed: whatever is not exactly one boolean word is `OracleUnavailable`. The oracle's gas is bounded and
/// at most one word of its answer is copied, so it can neither use up a payout's gas nor bomb its memory.
library SanctionsScreen {
    /// @dev What the oracle may use. A list in a mapping behind a proxy needs some 10,000.
    uint256 internal constant ORACLE_GAS = 50_000;

    /// @dev What must be left for the oracle to get all of {ORACLE_GAS}: a call passes on at most 63/64 of what is left
    /// (EIP-150) after paying for a cold account, which may itself point to another (EIP-7702), and a few opcodes.
    uint256 internal constant REQUIRED_GAS = (ORACLE_GAS * 64) / 63 + 2 * 2_600 + 300;

    /// @notice Whether the oracle lets `account` pass.
    /// @dev Refuses to ask with less than {REQUIRED_GAS}. A starved oracle may fail, or catch its own failure and
    /// answer "no"; the caller chooses the gas, and must not be able to choose the answer with it.
    /// @return `None`, `Sanctioned` or `OracleUnavailable`.
    function ask(ISanctionsOracle oracle, address account) internal view returns (ComplianceReason) {
        uint256 available = gasleft();
        if (available < REQUIRED_GAS) revert BoundedCall.InsufficientGas(available, REQUIRED_GAS);

        bytes4 selector = ISanctionsOracle.isSanctioned.selector;
        bool answered;
        uint256 answer;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, account)
            answered := staticcall(ORACLE_GAS, oracle, 0x00, 0x24, 0x00, 0x20)
            answered := and(answered, eq(returndatasize(), 0x20))
            answer := mload(0x00)
        }

        if (!answered || answer > 1) return ComplianceReason.OracleUnavailable;
        return answer == 1 ? ComplianceReason.Sanctioned : ComplianceReason.None;
    }
}
