// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IEscrow} from "../../../../contracts/interfaces/IEscrow.sol";
import {Blacklist} from "../../../../contracts/mocks/tokens/Blacklist.sol";
import {ComplianceReason} from "../../../../contracts/types/ComplianceTypes.sol";
import {EXITS} from "../../../../contracts/types/PauseTypes.sol";
import {
    FLAG_ON_HOLD,
    NATIVE_COIN,
    Payment,
    PaymentState,
    PaymentStatus
} from "../../../../contracts/types/PaymentTypes.sol";
import {VM} from "../../Vm.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {ReentrantWallet} from "../mocks/Wallets.sol";

/// @title What all handlers share: finding a payment to act on, and acting on it with the books kept
/// @dev Every function first returns if what it wants is not possible now. What it tries after that must succeed: a
/// handler that reverts fails the campaign.
abstract contract Handler {
    Suite internal immutable suite;
    Store internal immutable store;
    IEscrow internal immutable escrow;
    bytes32 private immutable _salt;

    constructor(Suite suite_, Store store_) {
        suite = suite_;
        store = store_;
        escrow = suite_.escrow();
        _salt = store_.salt();
    }

    /// @notice The functions that the fuzzer calls, each of which must succeed at least once in a run.
    function selectors() external pure virtual returns (bytes4[] memory);

    // ------------------------------------------------------------------------------------------------- acting

    /// @dev Calls the escrow as `caller` about one payment and books whom it made richer.
    function _move(address caller, bytes32 id, Payment memory payment, bytes memory data) internal {
        address token = payment.token;
        uint256 ofSeller = suite.wealthOf(token, payment.seller);
        uint256 ofFeeRecipient = suite.wealthOf(token, payment.feeRecipient);
        uint256 ofBuyer = suite.wealthOf(token, payment.buyer);
        _armReentry(payment);

        VM.prank(caller);
        _call(address(escrow), data);

        store.seen(
            id,
            suite.wealthOf(token, payment.seller) - ofSeller,
            suite.wealthOf(token, payment.feeRecipient) - ofFeeRecipient,
            suite.wealthOf(token, payment.buyer) - ofBuyer
        );
        if (escrow.paymentState(id).status == PaymentStatus.Closed) store.closed(id);
    }

    /// @dev Whoever is called in the middle of a payout tries to use the same payment once more.
    function _armReentry(Payment memory payment) private {
        if (payment.token == address(suite.turncoat())) {
            suite.turncoat().arm(abi.encodeCall(escrow.claim, (payment)));
        }
        if (payment.token != NATIVE_COIN) return;
        ReentrantWallet wallet = suite.reentrantWallet();
        if (payment.buyer == address(wallet)) wallet.arm(abi.encodeCall(escrow.release, (payment, 1)));
        if (payment.seller == address(wallet)) wallet.arm(abi.encodeCall(escrow.refund, (payment, 1)));
    }

    /// @dev Has a role's holder act after the delay that the role has.
    function _actDelayed(address officer, uint256 delay, address target, bytes memory data) internal {
        IAccessManager manager = suite.manager();
        VM.prank(officer);
        manager.schedule(target, data, 0);
        VM.warp(VM.getBlockTimestamp() + delay);
        VM.prank(officer);
        manager.execute(target, data);
    }

    function _call(address target, bytes memory data) internal {
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, bytes memory answer) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ finding

    /// @dev An open payment that is not on hold and has that status; id 0 if there is none.
    function _find(
        uint256 seed,
        PaymentStatus status
    ) internal view returns (bytes32 id, Payment memory payment, PaymentState memory state) {
        bytes32[] memory open = store.open();
        for (uint256 i = 0; i < open.length; ++i) {
            id = open[addmod(seed, i, open.length)];
            state = escrow.paymentState(id);
            if (state.status == status && !_isOnHold(state)) return (id, store.paymentOf(id), state);
        }
        return (0, payment, state);
    }

    function _isOnHold(PaymentState memory state) internal pure returns (bool) {
        return state.flags & FLAG_ON_HOLD != 0;
    }

    function _exitsArePaused() internal view returns (bool) {
        return escrow.paused() & EXITS != 0;
    }

    /// @dev Whether screening lets `account` take part.
    function _passes(address account) internal view returns (bool) {
        (ComplianceReason reason, bool enforced) = suite.registry().screen(account);
        return reason == ComplianceReason.None || !enforced;
    }

    /// @dev Whether the token's issuer stopped `account`.
    function _isBlacklisted(address token, address account) internal view returns (bool) {
        bool canBlacklist = token == address(suite.usdc()) || token == address(suite.usdt());
        return canBlacklist && Blacklist(token).isBlacklisted(account);
    }

    // -------------------------------------------------------------------------------------------------- chance

    /// @dev The `n`th number drawn from a seed.
    function _draw(uint256 seed, uint256 n) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(_salt, seed, n)));
    }

    /// @dev From 1 to `max`, and often one of the two.
    function _amount(uint256 number, uint256 max) internal pure returns (uint256) {
        if (number % 8 == 0) return max;
        if (number % 16 == 1) return 1;
        return 1 + ((number >> 8) % max);
    }
}
