// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";
import {Payment, PaymentState} from "../types/PaymentTypes.sol";
import {EscrowNext} from "./EscrowNext.sol";

/// @title A next version of the escrow that reads what a payment holds as 64 bits, of which the escrow stores 104
/// @dev The fault of the drill, of a kind that does happen: 64 bits are plenty for the 6 decimals of most stablecoins, and
/// end at 18.4 of a token that has 18. So it passes every check and the trial payments of a rehearsal, which are of one
/// whole token; larger payments can no longer be released or refunded as a whole, and their amounts read wrong. What it
/// stores stays right, so a rollback mends all of it.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract EscrowNarrow is EscrowNext {
    // keccak256(abi.encode(uint256(keccak256("holdfast.storage.Escrow")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ESCROW_STORAGE =
        0xe7177b0be19837cad17681e74a35643480f4cefe0bd3bae887488fcb74784300;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry, IPermit2 permit2) EscrowNext(registry, permit2) {}

    function release(Payment calldata payment, uint256 amount) external {
        _requireHeld(payment, amount);
        _delegate();
    }

    function refund(Payment calldata payment, uint256 amount) external {
        _requireHeld(payment, amount);
        _delegate();
    }

    function paymentState(bytes32 paymentId) external view returns (PaymentState memory) {
        return _stateOf(paymentId);
    }

    function paymentStates(
        bytes32[] calldata paymentIds
    ) external view returns (PaymentState[] memory states) {
        states = new PaymentState[](paymentIds.length);
        for (uint256 i = 0; i < paymentIds.length; ++i) states[i] = _stateOf(paymentIds[i]);
    }

    function _requireHeld(Payment calldata payment, uint256 amount) private view {
        uint256 held = _stateOf(IEscrow(address(this)).hashPayment(payment)).held;
        if (amount > held) revert IEscrow.InvalidAmount(amount, held);
    }

    function _stateOf(bytes32 paymentId) private view returns (PaymentState memory state) {
        EscrowStorage storage $;
        assembly ("memory-safe") {
            $.slot := ESCROW_STORAGE
        }
        state = $.payments[paymentId];
        (state.held, state.released) = (uint64(state.held), uint64(state.released));
    }
}
