// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";
import {IEscrowLens} from "./interfaces/IEscrowLens.sol";
import {IScreening} from "./interfaces/IScreening.sol";
import {PaymentLib} from "./libraries/PaymentLib.sol";
import {ComplianceReason} from "./types/ComplianceTypes.sol";
import {EscrowAction, Obstacle, Payout, Preview, Snapshot, TokenSnapshot} from "./types/LensTypes.sol";
import {DEPOSITS, EXITS, PAYOUTS} from "./types/PauseTypes.sol";
import {
    DeadlineAction,
    NATIVE_COIN,
    Payment,
    PaymentState,
    PaymentStatus,
    PayoutAction,
    TokenConfig,
    TokenTotals
} from "./types/PaymentTypes.sol";

/// @title EscrowLens: see {IEscrowLens}
/// @dev Rules that are more than a comparison are not written again but taken from {PaymentLib} or asked of the escrow.
contract EscrowLens is IEscrowLens {
    using PaymentLib for Payment;
    using PaymentLib for PaymentState;

    /// @dev Somebody who wants something of a payment in its present state.
    struct Attempt {
        Payment payment;
        bytes32 paymentId;
        PaymentState state;
        address who;
    }

    /// @inheritdoc IEscrowLens
    IEscrow public immutable override escrow;

    /// @dev Errors: {IEscrow-InvalidDependency}.
    constructor(IEscrow escrow_) {
        if (address(escrow_).code.length == 0) revert IEscrow.InvalidDependency(address(escrow_));
        escrow = escrow_;
    }

    // ------------------------------------------------------------------------------------------------- canAct

    /// @inheritdoc IEscrowLens
    function canAct(
        Payment memory payment,
        address who,
        EscrowAction action
    ) external view returns (bool allowed, Obstacle obstacle, uint256 possibleFrom) {
        bytes32 paymentId = escrow.hashPayment(payment);
        Attempt memory attempt = Attempt(payment, paymentId, escrow.paymentState(paymentId), who);
        (obstacle, possibleFrom) = _attempt(attempt, action);
        allowed = obstacle == Obstacle.None;
    }

    /// @inheritdoc IEscrowLens
    function requireValid(Payment memory payment) external view {
        payment.validate(address(escrow));
    }

    function _attempt(
        Attempt memory attempt,
        EscrowAction action
    ) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        if (action == EscrowAction.Deposit) return _toDeposit(attempt);
        if (action == EscrowAction.Release) return _toPayOut(attempt, PayoutAction.Release);
        if (action == EscrowAction.Refund) return _toPayOut(attempt, PayoutAction.Refund);
        if (action == EscrowAction.Claim) return _toClaim(attempt);
        if (action == EscrowAction.Settle) return _toSettle(attempt);
        if (action == EscrowAction.OpenDispute) return (_toOpenDispute(attempt), 0);
        if (action == EscrowAction.WithdrawDispute) return (_toWithdrawDispute(attempt), 0);
        if (action == EscrowAction.Resolve) return (_toResolve(attempt), 0);
        if (action == EscrowAction.ApproveRelease) return (_toApprove(attempt, PayoutAction.Release), 0);
        if (action == EscrowAction.ApproveRefund) return (_toApprove(attempt, PayoutAction.Refund), 0);
        if (action == EscrowAction.Hold) return (_toSetHold(attempt, IEscrow.hold.selector, true), 0);
        if (action == EscrowAction.Unhold) return (_toSetHold(attempt, IEscrow.unhold.selector, false), 0);
        return _toWithdrawCredit(attempt);
    }

    function _toDeposit(
        Attempt memory attempt
    ) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        Payment memory payment = attempt.payment;
        if (attempt.who != payment.buyer) return (Obstacle.UnauthorizedCaller, 0);
        (obstacle, possibleFrom) = _pause(DEPOSITS);
        if (obstacle != Obstacle.None) return (obstacle, possibleFrom);
        try this.requireValid(payment) {} catch {
            return (Obstacle.InvalidTerms, 0);
        }
        if (attempt.state.status != PaymentStatus.None) return (Obstacle.PaymentAlreadyExists, 0);
        if (!_isCompliant(payment.buyer) || !_isCompliant(payment.seller)) return (Obstacle.NotCompliant, 0);

        TokenConfig memory config = escrow.tokenConfig(payment.token);
        if (!config.enabled) return (Obstacle.TokenNotEnabled, 0);
        if (payment.amount == 0) return (Obstacle.InvalidAmount, 0);
        if (payment.amount > Math.saturatingSub(config.cap, escrow.tokenTotals(payment.token).held)) {
            return (Obstacle.CapExceeded, 0);
        }
        return (_toPay(payment), 0);
    }

    function _toPay(Payment memory payment) private view returns (Obstacle) {
        if (payment.token == NATIVE_COIN) {
            return payment.buyer.balance < payment.amount ? Obstacle.InsufficientBalance : Obstacle.None;
        }
        IERC20 token = IERC20(payment.token);
        if (token.allowance(payment.buyer, address(escrow)) < payment.amount) {
            return Obstacle.InsufficientAllowance;
        }
        return token.balanceOf(payment.buyer) < payment.amount ? Obstacle.InsufficientBalance : Obstacle.None;
    }

    function _toPayOut(
        Attempt memory attempt,
        PayoutAction action
    ) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        if (attempt.state.status != PaymentStatus.Funded) return (Obstacle.InvalidStatus, 0);
        (obstacle, possibleFrom) = _exit(attempt.state);
        if (obstacle != Obstacle.None) return (obstacle, possibleFrom);

        bool isRelease = action == PayoutAction.Release;
        if (attempt.who == (isRelease ? attempt.payment.buyer : attempt.payment.seller)) return (obstacle, 0);
        obstacle = _role(attempt.who, isRelease ? IEscrow.release.selector : IEscrow.refund.selector);
        if (obstacle != Obstacle.None) return (obstacle, 0);
        return _toPayOutAsOperator(attempt, action);
    }

    function _toPayOutAsOperator(
        Attempt memory attempt,
        PayoutAction action
    ) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        (obstacle, possibleFrom) = _pause(PAYOUTS);
        if (obstacle != Obstacle.None) return (obstacle, possibleFrom);
        Payment memory payment = attempt.payment;
        if (!_isDisinterested(attempt.who, payment.beneficiary(action)))
            return (Obstacle.UnauthorizedCaller, 0);

        uint256 amount = attempt.state.held;
        TokenConfig memory config = escrow.tokenConfig(payment.token);
        if (payment.amount >= config.approvalThreshold) {
            bytes32 approvalId = PaymentLib.approvalId(attempt.paymentId, attempt.state, action, amount);
            if (block.timestamp >= escrow.approvalExpiry(approvalId)) return (Obstacle.ApprovalRequired, 0);
        }
        uint256 available = escrow.availableOutflow(payment.token);
        if (amount <= available) return (Obstacle.None, 0);
        if (amount > config.outflowLimit) return (Obstacle.OutflowLimitExceeded, 0);
        uint256 wait = Math.mulDiv(
            amount - available,
            Math.max(config.outflowWindow, 1),
            config.outflowLimit,
            Math.Rounding.Ceil
        );
        return (Obstacle.OutflowLimitExceeded, block.timestamp + wait);
    }

    function _toClaim(Attempt memory attempt) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        (obstacle, possibleFrom) = _toSettle(attempt);
        if (obstacle != Obstacle.None) return (obstacle, possibleFrom);
        uint256 notBefore = attempt.payment.claimableAt(attempt.state);
        if (block.timestamp < notBefore) return (Obstacle.TooEarly, notBefore);
    }

    function _toSettle(
        Attempt memory attempt
    ) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        if (attempt.state.held == 0) return (Obstacle.InvalidStatus, 0);
        return _exit(attempt.state);
    }

    function _toOpenDispute(Attempt memory attempt) private view returns (Obstacle) {
        Payment memory payment = attempt.payment;
        if (attempt.state.status != PaymentStatus.Funded) return Obstacle.InvalidStatus;
        if (attempt.who != payment.buyer && attempt.who != payment.seller) return Obstacle.UnauthorizedCaller;
        return block.timestamp < payment.deadline ? Obstacle.None : Obstacle.TooLate;
    }

    function _toWithdrawDispute(Attempt memory attempt) private view returns (Obstacle) {
        Payment memory payment = attempt.payment;
        if (attempt.state.status != PaymentStatus.Disputed) return Obstacle.InvalidStatus;
        if (attempt.who != payment.opener(attempt.state)) return Obstacle.UnauthorizedCaller;
        return block.timestamp < payment.withdrawableUntil(attempt.state) ? Obstacle.None : Obstacle.TooLate;
    }

    function _toResolve(Attempt memory attempt) private view returns (Obstacle obstacle) {
        if (attempt.state.status != PaymentStatus.Disputed) return Obstacle.InvalidStatus;
        if (attempt.state.isOnHold()) return Obstacle.PaymentOnHold;
        obstacle = _toRule(attempt.payment, attempt.who);
        if (obstacle != Obstacle.None) return obstacle;
        bool inTime = block.timestamp < attempt.payment.claimableAt(attempt.state);
        return inTime ? Obstacle.None : Obstacle.TooLate;
    }

    function _toRule(Payment memory payment, address who) private view returns (Obstacle obstacle) {
        if (payment.arbiter != address(0)) {
            return who == payment.arbiter ? Obstacle.None : Obstacle.UnauthorizedCaller;
        }
        obstacle = _role(who, IEscrow.resolve.selector);
        if (obstacle != Obstacle.None) return obstacle;
        bool impartial = _isDisinterested(who, payment.buyer) && _isDisinterested(who, payment.seller);
        return impartial ? Obstacle.None : Obstacle.UnauthorizedCaller;
    }

    function _toApprove(
        Attempt memory attempt,
        PayoutAction action
    ) private view returns (Obstacle obstacle) {
        obstacle = _role(attempt.who, IEscrow.approvePayout.selector);
        if (obstacle != Obstacle.None) return obstacle;
        if (attempt.state.status != PaymentStatus.Funded) return Obstacle.InvalidStatus;
        bool impartial = _isDisinterested(attempt.who, attempt.payment.beneficiary(action));
        return impartial ? Obstacle.None : Obstacle.UnauthorizedCaller;
    }

    function _toSetHold(
        Attempt memory attempt,
        bytes4 selector,
        bool onHold
    ) private view returns (Obstacle obstacle) {
        obstacle = _role(attempt.who, selector);
        if (obstacle != Obstacle.None) return obstacle;
        PaymentStatus status = attempt.state.status;
        if (status != PaymentStatus.Funded && status != PaymentStatus.Disputed) return Obstacle.InvalidStatus;
        return attempt.state.isOnHold() == onHold ? Obstacle.HoldUnchanged : Obstacle.None;
    }

    function _toWithdrawCredit(
        Attempt memory attempt
    ) private view returns (Obstacle obstacle, uint256 possibleFrom) {
        (obstacle, possibleFrom) = _pause(EXITS);
        if (obstacle != Obstacle.None) return (obstacle, possibleFrom);
        if (escrow.creditOf(attempt.payment.token, attempt.who) == 0) return (Obstacle.NoCredit, 0);
        return (_isCompliant(attempt.who) ? Obstacle.None : Obstacle.NotCompliant, 0);
    }

    // ----------------------------------------------------------------------------------------------- previews

    /// @inheritdoc IEscrowLens
    function previewDeposit(Payment memory payment) external view returns (Preview memory preview) {
        payment.validate(address(escrow));
        PaymentState memory state;
        (preview.paymentId, state) = _load(payment);
        if (state.status != PaymentStatus.None) revert IEscrow.PaymentAlreadyExists(preview.paymentId);
        uint256 room = Math.saturatingSub(
            escrow.tokenConfig(payment.token).cap,
            escrow.tokenTotals(payment.token).held
        );
        if (payment.amount == 0) revert IEscrow.InvalidAmount(0, room);
        if (payment.amount > room) revert IEscrow.CapExceeded(payment.token, payment.amount, room);
        (state.status, state.held) = (PaymentStatus.Funded, uint104(payment.amount));
        (preview.seller.to, preview.fee.to, preview.buyer.to) = _recipients(payment);
        preview.stateAfter = state;
    }

    /// @inheritdoc IEscrowLens
    function previewRelease(Payment memory payment, uint256 amount) external view returns (Preview memory) {
        (bytes32 paymentId, PaymentState memory state) = _loadIn(payment, PaymentStatus.Funded);
        PaymentLib.requirePart(amount, state.held);
        return _preview(payment, paymentId, state, amount, 0);
    }

    /// @inheritdoc IEscrowLens
    function previewRefund(Payment memory payment, uint256 amount) external view returns (Preview memory) {
        (bytes32 paymentId, PaymentState memory state) = _loadIn(payment, PaymentStatus.Funded);
        PaymentLib.requirePart(amount, state.held);
        return _preview(payment, paymentId, state, 0, amount);
    }

    /// @inheritdoc IEscrowLens
    function previewClaim(Payment memory payment) external view returns (Preview memory) {
        (bytes32 paymentId, PaymentState memory state) = _loadHolding(payment);
        bool toSeller = payment.onDeadline == DeadlineAction.Release;
        (uint256 sellerAmount, uint256 buyerAmount) = toSeller
            ? (uint256(state.held), uint256(0))
            : (0, state.held);
        return _preview(payment, paymentId, state, sellerAmount, buyerAmount);
    }

    /// @inheritdoc IEscrowLens
    function previewResolve(
        Payment memory payment,
        uint256 sellerAmount,
        uint256 buyerAmount
    ) external view returns (Preview memory) {
        (bytes32 paymentId, PaymentState memory state) = _loadIn(payment, PaymentStatus.Disputed);
        PaymentLib.requireSplit(sellerAmount, buyerAmount, state.held);
        return _preview(payment, paymentId, state, sellerAmount, buyerAmount);
    }

    /// @inheritdoc IEscrowLens
    function previewSettle(
        Payment memory payment,
        uint256 sellerAmount,
        uint256 buyerAmount
    ) external view returns (Preview memory) {
        (bytes32 paymentId, PaymentState memory state) = _loadHolding(payment);
        PaymentLib.requireSplit(sellerAmount, buyerAmount, state.held);
        return _preview(payment, paymentId, state, sellerAmount, buyerAmount);
    }

    function _preview(
        Payment memory payment,
        bytes32 paymentId,
        PaymentState memory state,
        uint256 sellerAmount,
        uint256 buyerAmount
    ) private view returns (Preview memory) {
        uint256 fee = state.takeForSeller(sellerAmount, payment.feeBps);
        state.takeForBuyer(buyerAmount);
        state.closeIfEmpty();
        (address seller, address feeRecipient, address buyer) = _recipients(payment);
        return
            Preview({
                paymentId: paymentId,
                seller: _payout(seller, sellerAmount - fee),
                fee: _payout(feeRecipient, fee),
                buyer: _payout(buyer, buyerAmount),
                stateAfter: state
            });
    }

    function _payout(address to, uint256 amount) private view returns (Payout memory) {
        return Payout(to, amount, amount == 0 ? ComplianceReason.None : _finding(to));
    }

    function _recipients(Payment memory payment) private pure returns (address, address, address) {
        return (payment.seller, payment.feeRecipient, payment.buyer);
    }

    // -------------------------------------------------------------------------------------------- batch reads

    /// @inheritdoc IEscrowLens
    function snapshot(
        address[] calldata tokens,
        bytes32[] calldata paymentIds
    ) external view returns (Snapshot memory taken) {
        taken.blockNumber = block.number;
        taken.timestamp = block.timestamp;
        taken.parentHash = blockhash(block.number - 1);
        taken.tokens = new TokenSnapshot[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            TokenTotals memory totals = escrow.tokenTotals(tokens[i]);
            taken.tokens[i] = TokenSnapshot(tokens[i], _balance(tokens[i]), totals.held, totals.credits);
        }
        taken.states = escrow.paymentStates(paymentIds);
    }

    function _balance(address token) private view returns (uint256) {
        return token == NATIVE_COIN ? address(escrow).balance : IERC20(token).balanceOf(address(escrow));
    }

    // ------------------------------------------------------------------------------------------------- checks

    function _exit(PaymentState memory state) private view returns (Obstacle, uint256) {
        if (state.isOnHold()) return (Obstacle.PaymentOnHold, 0);
        return _pause(EXITS);
    }

    function _pause(uint8 bit) private view returns (Obstacle, uint256) {
        uint256 until = escrow.pausedUntil(bit);
        return until > block.timestamp ? (Obstacle.EnforcedPause, until) : (Obstacle.None, 0);
    }

    function _role(address who, bytes4 selector) private view returns (Obstacle) {
        (bool immediate, uint32 delay) = IAccessManager(_authority()).canCall(who, address(escrow), selector);
        if (immediate) return Obstacle.None;
        return delay > 0 ? Obstacle.ScheduleRequired : Obstacle.UnauthorizedCaller;
    }

    function _isDisinterested(address who, address party) private view returns (bool) {
        return who != party && who != _authority();
    }

    function _isCompliant(address account) private view returns (bool) {
        return _finding(account) == ComplianceReason.None;
    }

    /// @dev Why a movement to or from `account` would be stopped. What is only observed stops nothing.
    function _finding(address account) private view returns (ComplianceReason) {
        (ComplianceReason reason, bool enforced) = IScreening(address(escrow)).screen(account);
        return enforced ? reason : ComplianceReason.None;
    }

    function _authority() private view returns (address) {
        return IAccessManaged(address(escrow)).authority();
    }

    function _load(
        Payment memory payment
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        paymentId = escrow.hashPayment(payment);
        state = escrow.paymentState(paymentId);
    }

    function _loadIn(
        Payment memory payment,
        PaymentStatus status
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        (paymentId, state) = _load(payment);
        if (state.status != status) revert IEscrow.InvalidStatus(paymentId, state.status);
    }

    function _loadHolding(
        Payment memory payment
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        (paymentId, state) = _load(payment);
        if (state.held == 0) revert IEscrow.InvalidStatus(paymentId, state.status);
    }
}
