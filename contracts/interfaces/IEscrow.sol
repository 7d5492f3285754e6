// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation, ComplianceReason} from "../types/ComplianceTypes.sol";
import {
    DeadlineAction,
    Payment,
    PaymentState,
    PaymentStatus,
    PayoutAction,
    PayoutCause,
    TokenConfig,
    TokenTotals
} from "../types/PaymentTypes.sol";

/// @title Holds money between a buyer and a seller until one of them, an arbiter or the deadline says where it goes
/// @notice A payment is its terms: every function takes the whole {Payment}, whose hash must lead to a stored state.
/// Amounts are in the token's smallest unit, times in Unix seconds.
///
/// Every payout is pushed to its recipient; if the recipient cannot or may not receive it, it becomes a credit
/// ({PayoutCredited}) that {withdrawCredit} pays out later, and nobody else is affected. A payout with too little gas to
/// try that in earnest reverts with {BoundedCall-InsufficientGas}.
///
/// Each function lists every error and event of its own code. What is listed nowhere: what moves money or a dispute refuses
/// reentry (`ReentrancyGuardReentrantCall`), and a function of a role reverts with
/// {IAccessManaged-AccessManagedUnauthorized} for everybody else, and with the AccessManager's errors for a holder with a
/// delay who has not scheduled it. Errors of tokens, Permit2 and the like come through. One page an operation:
/// docs/contracts.
interface IEscrow {
    // ------------------------------------------------------------------------------------------------- events

    /// @notice Money arrived. Carries the complete terms. State: `Funded`, held = amount, released = 0.
    event PaymentCreated(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        address token,
        uint256 amount,
        uint64 deadline,
        DeadlineAction onDeadline,
        address arbiter,
        uint32 disputeWindow,
        uint16 feeBps,
        address feeRecipient,
        bytes32 paymentReference
    );

    /// @notice Money went to the seller. The payment is `Closed` exactly if `held` is now 0.
    /// @param by Who called.
    /// @param amount What was released, fee included.
    /// @param fee What of it went to the fee recipient.
    /// @param held What the payment holds now.
    /// @param released What was released in all, fee included.
    event PaymentReleased(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        PayoutCause cause,
        address by,
        uint256 amount,
        uint256 fee,
        uint256 held,
        uint256 released
    );

    /// @notice Money went back to the buyer. The payment is `Closed` exactly if `held` is now 0.
    /// @param by Who called.
    /// @param amount What was refunded.
    /// @param held What the payment holds now.
    /// @param released What was released in all, fee included.
    event PaymentRefunded(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        PayoutCause cause,
        address by,
        uint256 amount,
        uint256 held,
        uint256 released
    );

    /// @notice A dispute began; release, refund and claim are blocked. State: `Disputed`.
    /// @param by The opener: buyer or seller.
    /// @param claimableAt When {claim} becomes possible and {resolve} impossible.
    /// @param evidenceHash keccak256 of the evidence at `evidenceURI`.
    event DisputeOpened(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        address by,
        uint256 claimableAt,
        bytes32 evidenceHash,
        string evidenceURI
    );

    /// @notice The opener took the dispute back. State: `Funded`.
    event DisputeWithdrawn(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        address by
    );

    /// @notice The arbiter ruled. Followed by {PaymentReleased} and {PaymentRefunded} for each part that is not zero.
    /// @param by The arbiter.
    /// @param sellerAmount The seller's part, fee included.
    /// @param buyerAmount The buyer's part.
    /// @param rulingHash keccak256 of the written ruling.
    event DisputeResolved(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        address by,
        uint256 sellerAmount,
        uint256 buyerAmount,
        bytes32 rulingHash
    );

    /// @notice Both parties agreed. Followed by {PaymentReleased} and {PaymentRefunded} for each part not zero.
    event PaymentSettled(
        bytes32 indexed paymentId,
        address indexed buyer,
        address indexed seller,
        address by,
        uint256 sellerAmount,
        uint256 buyerAmount
    );

    /// @notice An approver consented to one operator payout from one state of one payment.
    event PayoutApproved(
        bytes32 indexed approvalId,
        bytes32 indexed paymentId,
        address indexed by,
        PayoutAction action,
        uint256 amount,
        uint256 held,
        uint256 released,
        uint256 expiresAt
    );

    /// @notice An operator used an approval.
    event PayoutApprovalSpent(bytes32 indexed approvalId, bytes32 indexed paymentId, address indexed by);

    /// @notice Compliance froze a payment.
    event PaymentFrozen(bytes32 indexed paymentId, address indexed by, string reason);

    /// @notice Compliance lifted the hold.
    /// @param disputedAt {PaymentState} `disputedAt`: now if the payment is disputed, else 0.
    event PaymentUnfrozen(bytes32 indexed paymentId, address indexed by, uint256 disputedAt, string reason);

    /// @notice A payout could not be pushed and is owed as a credit.
    /// @param amount What was added.
    /// @param balance The account's credit in this token now.
    /// @param reason Why screening stopped it (the credit is frozen while that lasts), or `None` if the push failed.
    event PayoutCredited(
        bytes32 indexed paymentId,
        address indexed token,
        address indexed account,
        uint256 amount,
        uint256 balance,
        ComplianceReason reason
    );

    /// @notice A credit was paid out.
    /// @param balance The account's credit in this token now.
    event CreditWithdrawn(
        address indexed token,
        address indexed account,
        address indexed to,
        address by,
        uint256 amount,
        uint256 balance
    );

    /// @notice Screening found something, but the policy only observes.
    event ScreeningObserved(bytes32 indexed paymentId, address indexed account, ComplianceReason reason);

    /// @notice A token's limits were replaced. Carries them as they now stand.
    event TokenConfigured(address indexed token, address indexed by, TokenConfig config);

    /// @notice What nobody owned was moved out.
    event SurplusSwept(address indexed token, address indexed to, address indexed by, uint256 amount);

    /// @notice A part was paused; one event for each. `bits`, which has one bit set, now ends at `until`.
    event Paused(address indexed by, uint8 bits, uint256 until, string reason);

    /// @notice A pause was lifted before its end.
    event Unpaused(address indexed by, uint8 bits);

    // ------------------------------------------------------------------------------------------------- errors

    /// @notice The caller may not do this to this payment.
    error UnauthorizedCaller(address caller);
    /// @notice Buyer, seller and arbiter must differ, and none may be the escrow; only the arbiter may be zero.
    error InvalidParties(address buyer, address seller, address arbiter);
    /// @notice The fee is above the maximum, or fee and recipient do not go together.
    error InvalidFee(uint256 feeBps, uint256 maxFeeBps, address feeRecipient);
    /// @notice The deadline is not in the future, or too far in it.
    error InvalidDeadline(uint256 deadline, uint256 min, uint256 max);
    /// @notice The dispute window is outside its bounds.
    error InvalidDisputeWindow(uint256 disputeWindow, uint256 min, uint256 max);
    /// @notice The amount is zero or more than there is.
    error InvalidAmount(uint256 amount, uint256 max);
    /// @notice The parts of a ruling or settlement do not sum to what is held.
    error InvalidSplit(uint256 sellerAmount, uint256 buyerAmount, uint256 held);
    /// @notice The same terms were deposited before; choose another `paymentReference`.
    error PaymentAlreadyExists(bytes32 paymentId);
    /// @notice The payment is not in a state that allows this. `None` means that no deposit has these terms.
    error InvalidStatus(bytes32 paymentId, PaymentStatus status);
    /// @notice Compliance holds this payment.
    error PaymentOnHold(bytes32 paymentId);
    /// @notice There is no hold to lift, or it is on hold already.
    error HoldUnchanged(bytes32 paymentId, bool onHold);
    /// @notice Too early: possible from `notBefore` on.
    error TooEarly(uint256 notBefore, uint256 timestamp);
    /// @notice Too late: was possible before `deadline`.
    error TooLate(uint256 deadline, uint256 timestamp);
    /// @notice The token is not on the allow-list, or deposits of it are off.
    error TokenNotEnabled(address token);
    /// @notice The deposit would exceed what the escrow may hold of this token.
    error CapExceeded(address token, uint256 amount, uint256 available);
    /// @notice The operators' limit for this token is used up for now.
    error OutflowLimitExceeded(address token, uint256 amount, uint256 available);
    /// @notice The native coin's value does not match the terms (it must be 0 for tokens).
    error InvalidValue(uint256 value, uint256 expected);
    /// @notice Another amount arrived than was asked for: the token takes a fee, rebases or lies.
    error TransferAmountMismatch(uint256 received, uint256 expected);
    /// @notice The native coin cannot be pulled by signature; use {deposit}.
    error NativeCoinNotSupported();
    /// @notice The signature is not `signer`'s.
    error InvalidSignature(address signer);
    /// @notice A different person's approval of exactly this payout is needed first.
    error ApprovalRequired(bytes32 approvalId);
    /// @notice The account has no credit in this token.
    error NoCredit(address account, address token);
    /// @notice The recipient or the token did not accept the payout; nothing was moved.
    error CreditPushFailed(address token, address to, uint256 amount);
    /// @notice The token does not tell what the escrow owns of it.
    error BalanceUnknown(address token);
    /// @notice There is no surplus of this size.
    error InsufficientSurplus(address token, uint256 amount, uint256 surplus);
    /// @notice This part is paused until `until`.
    error EnforcedPause(uint8 bit, uint256 until);
    /// @notice Unknown or no pause bits.
    error InvalidPauseBits(uint8 bits);
    /// @notice A pause must end in the future, and exits before their limit.
    error InvalidPauseDuration(uint256 until, uint256 min, uint256 max);
    /// @notice The registry, the Permit2 or the authority has no code; or the registry is another escrow's, or under
    /// another authority.
    error InvalidDependency(address dependency);

    // ----------------------------------------------------------------------------------------------- deposits

    /// @notice Deposits by allowance, or the native coin by value. The buyer only.
    /// @dev `None → Funded`. Pause bit: {DEPOSITS}. Errors: {UnauthorizedCaller}, {EnforcedPause}, {InvalidParties},
    /// {InvalidFee}, {InvalidDeadline}, {InvalidDisputeWindow}, {PaymentAlreadyExists}, {IScreening-NotCompliant},
    /// {BoundedCall-InsufficientGas}, {TokenNotEnabled}, {InvalidAmount}, {CapExceeded}, {InvalidValue},
    /// {SafeERC20-SafeERC20FailedOperation}, {TransferAmountMismatch}, {BalanceUnknown}. Emits {PaymentCreated},
    /// {ScreeningObserved}.
    /// @return paymentId EIP-712 digest of the terms, see {hashPayment}.
    function deposit(Payment calldata payment) external payable returns (bytes32 paymentId);

    /// @notice Deposits with an EIP-2612 permit for exactly `payment.amount`. The buyer only.
    /// @dev A permit that fails is ignored: somebody may have front-run it, then the allowance is there.
    /// `None → Funded`. Pause bit: {DEPOSITS}. Errors: {UnauthorizedCaller}, {EnforcedPause}, {InvalidParties},
    /// {InvalidFee}, {InvalidDeadline}, {InvalidDisputeWindow}, {PaymentAlreadyExists}, {IScreening-NotCompliant},
    /// {BoundedCall-InsufficientGas}, {TokenNotEnabled}, {InvalidAmount}, {CapExceeded}, {NativeCoinNotSupported},
    /// {SafeERC20-SafeERC20FailedOperation}, {TransferAmountMismatch}, {BalanceUnknown}. Emits {PaymentCreated},
    /// {ScreeningObserved}.
    /// @param permitDeadline The permit's own deadline.
    function depositWithPermit(
        Payment calldata payment,
        uint256 permitDeadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 paymentId);

    /// @notice Deposits with an ERC-3009 `ReceiveWithAuthorization` signed by the buyer, whose nonce is the
    /// `paymentId`, so it binds every term. Anybody may send it.
    /// @param signature 65 bytes `r‖s‖v` for any ERC-3009 token; other lengths go to the token's `bytes` overload.
    /// @dev `None → Funded`. Pause bit: {DEPOSITS}. Errors: {EnforcedPause}, {InvalidParties}, {InvalidFee},
    /// {InvalidDeadline}, {InvalidDisputeWindow}, {PaymentAlreadyExists}, {IScreening-NotCompliant},
    /// {BoundedCall-InsufficientGas}, {TokenNotEnabled}, {InvalidAmount}, {CapExceeded}, {NativeCoinNotSupported},
    /// {TransferAmountMismatch}, {BalanceUnknown}. Emits {PaymentCreated},
    /// {ScreeningObserved}.
    function depositWithAuthorization(
        Payment calldata payment,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 paymentId);

    /// @notice Deposits with a Permit2 `PermitWitnessTransferFrom` signed by the buyer, whose witness is the
    /// {Payment} itself, so a wallet shows every term. Anybody may send it.
    /// @dev Chain and escrow are bound by Permit2's own domain and by the `spender` it hashes. `None → Funded`. Pause
    /// bit: {DEPOSITS}. Errors: as {depositWithAuthorization}. Emits {PaymentCreated}, {ScreeningObserved}.
    /// @param nonce Permit2 unordered nonce.
    /// @param signatureDeadline Permit2 deadline.
    function depositWithPermit2(
        Payment calldata payment,
        uint256 nonce,
        uint256 signatureDeadline,
        bytes calldata signature
    ) external returns (bytes32 paymentId);

    /// @notice Hands an attestation to the registry, for use in one `multicall` with a deposit. Anybody.
    /// @dev An attestation that fails is ignored: somebody may have front-run it, then the record is there.
    function submitAttestation(
        Attestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external;

    // ------------------------------------------------------------------------------------------------ payouts

    /// @notice Pays the seller, wholly or in part. The buyer; or an OPERATOR within the token's limits.
    /// @dev `Funded → Funded | Closed`. Pause bits: {EXITS}; for an operator {PAYOUTS} too. Errors: {InvalidStatus},
    /// {PaymentOnHold}, {EnforcedPause}, {InvalidAmount}, {IAccessManaged-AccessManagedUnauthorized},
    /// {BoundedCall-InsufficientGas}; for operators {UnauthorizedCaller}, {ApprovalRequired}, {OutflowLimitExceeded}.
    /// Emits {PayoutApprovalSpent}, {PaymentReleased}, {PayoutCredited}, {ScreeningObserved}.
    function release(Payment calldata payment, uint256 amount) external;

    /// @notice Pays the buyer back, wholly or in part. The seller; or an OPERATOR within the token's limits.
    /// @dev States and pause bits as {release}. Errors: as {release}. Emits {PayoutApprovalSpent}, {PaymentRefunded},
    /// {PayoutCredited}, {ScreeningObserved}.
    function refund(Payment calldata payment, uint256 amount) external;

    /// @notice Pays out what is held as the terms' `onDeadline` says. Anybody, from {claimableAt} on.
    /// @dev `Funded | Disputed → Closed`. Pause bit: {EXITS}. Errors: {InvalidStatus}, {PaymentOnHold},
    /// {EnforcedPause}, {TooEarly}, {BoundedCall-InsufficientGas}. Emits {PaymentReleased} or {PaymentRefunded},
    /// {PayoutCredited}, {ScreeningObserved}.
    function claim(Payment calldata payment) external;

    /// @notice Pays out as both parties signed. Anybody with both signatures, in any state that holds money.
    /// @dev `Funded | Disputed → Closed`. Pause bit: {EXITS}. The EIP-712 type is
    /// `Settlement(bytes32 paymentId,uint256 sellerAmount,uint256 buyerAmount,uint256 validUntil)` under the escrow's
    /// domain; contracts sign by ERC-1271, and so do accounts that delegate to code (EIP-7702). Errors:
    /// {InvalidStatus}, {PaymentOnHold}, {EnforcedPause}, {InvalidSplit}, {TooLate}, {InvalidSignature},
    /// {BoundedCall-InsufficientGas}. Emits {PaymentSettled}, {PaymentReleased}, {PaymentRefunded}, {PayoutCredited},
    /// {ScreeningObserved}.
    function settle(
        Payment calldata payment,
        uint256 sellerAmount,
        uint256 buyerAmount,
        uint256 validUntil,
        bytes calldata buyerSignature,
        bytes calldata sellerSignature
    ) external;

    // ----------------------------------------------------------------------------------------------- disputes

    /// @notice Blocks release, refund and claim until the arbiter rules or its window ends. Buyer or seller, before
    /// the deadline.
    /// @dev `Funded → Disputed`. Never paused. Errors: {InvalidStatus}, {UnauthorizedCaller}, {TooLate}. Emits
    /// {DisputeOpened}.
    function openDispute(
        Payment calldata payment,
        bytes32 evidenceHash,
        string calldata evidenceURI
    ) external;

    /// @notice Takes a dispute back. Its opener; if a claim would pay the opener, only while the other party has a whole
    /// dispute window left before the deadline to open its own. {settle} works later too.
    /// @dev `Disputed → Funded`. Never paused. Errors: {InvalidStatus}, {UnauthorizedCaller}, {TooLate}. Emits
    /// {DisputeWithdrawn}.
    function withdrawDispute(Payment calldata payment) external;

    /// @notice Rules on a dispute. The terms' arbiter, or if they name none, the ARBITER role, but neither party, and in
    /// person (see {approvePayout}); before {claimableAt}.
    /// @dev `Disputed → Closed`. Never paused, because the arbiter's window does not stop. Errors: {InvalidStatus},
    /// {PaymentOnHold}, {UnauthorizedCaller}, {IAccessManaged-AccessManagedUnauthorized}, {InvalidSplit}, {TooLate},
    /// {BoundedCall-InsufficientGas}. Emits {DisputeResolved}, {PaymentReleased}, {PaymentRefunded}, {PayoutCredited},
    /// {ScreeningObserved}.
    function resolve(
        Payment calldata payment,
        uint256 sellerAmount,
        uint256 buyerAmount,
        bytes32 rulingHash
    ) external;

    // ---------------------------------------------------------------------------------- operators and officers

    /// @notice Consents to one operator payout. APPROVER role; the operator must be a different account, and neither may
    /// be who is paid. Both must call in person: {AccessManager-execute} hides who they are.
    /// @dev Bound to what is held and released now: any movement makes it stale; a dispute that was withdrawn or a hold
    /// that was lifted does not. Lives 7 days, and no longer than the approver has the role. Approving again replaces
    /// the approver and starts the time anew. Errors: {InvalidStatus}, {InvalidAmount}, {UnauthorizedCaller}. Emits
    /// {PayoutApproved}.
    function approvePayout(
        Payment calldata payment,
        PayoutAction action,
        uint256 amount
    ) external returns (bytes32 approvalId);

    /// @notice Freezes a payment. COMPLIANCE role. Disputes can still be opened and withdrawn.
    /// @dev Never paused. Errors: {InvalidStatus}, {HoldUnchanged}. Emits {PaymentFrozen}.
    function hold(bytes32 paymentId, string calldata reason) external;

    /// @notice Lifts a hold. COMPLIANCE role. In a dispute, the arbiter has at least the whole window from now.
    /// @dev Never paused. Errors: {InvalidStatus}, {HoldUnchanged}. Emits {PaymentUnfrozen}.
    function unhold(bytes32 paymentId, string calldata reason) external;

    /// @notice Pays out an account's credit. The account, to any address; anybody, to the account itself.
    /// @dev Pause bit: {EXITS}. Both addresses are screened. Neither the escrow itself nor the zero address accepts one.
    /// What a token does not move of it stays a credit.
    /// Errors: {EnforcedPause}, {UnauthorizedCaller}, {NoCredit}, {IScreening-NotCompliant}, {CreditPushFailed},
    /// {BoundedCall-InsufficientGas}. Emits {CreditWithdrawn}.
    /// @return amount What was paid: the whole credit, unless the token moved less.
    function withdrawCredit(address token, address account, address to) external returns (uint256 amount);

    /// @notice Moves out what no payment and no credit owns. TREASURY role.
    /// @dev Only of tokens that were given a cap, enabled or not: another could be a second address of one of them. Errors:
    /// {TokenNotEnabled}, {BalanceUnknown}, {InsufficientSurplus}, {CreditPushFailed}, {BoundedCall-InsufficientGas}. Emits
    /// {SurplusSwept}.
    function sweepSurplus(address token, address to, uint256 amount) external;

    /// @notice Sets a token's limits, allow-listing it. CONFIGURATOR role, delayed.
    /// @dev Emits {TokenConfigured}.
    function configureToken(address token, TokenConfig calldata config) external;

    // ------------------------------------------------------------------------------------------------ pausing

    /// @notice Pauses parts for a while. GUARDIAN role. Extends a pause that runs, never shortens it.
    /// @param bits Any of {DEPOSITS}, {PAYOUTS}, {EXITS}.
    /// @param duration Seconds from now. {EXITS} stays paused at most {MAX_EXITS_PAUSE} in a row, and then has to
    /// rest as long, however often this is called.
    /// @dev Errors: {InvalidPauseBits}, {InvalidPauseDuration}. Emits {Paused}.
    function pause(uint8 bits, uint32 duration, string calldata reason) external;

    /// @notice As {pause}, without the limit on {EXITS}. CONFIGURATOR role, delayed.
    /// @dev Errors: as {pause}. Emits {Paused}.
    function extendPause(uint8 bits, uint32 duration, string calldata reason) external;

    /// @notice Ends pauses early. UNPAUSER role, delayed.
    /// @dev Errors: {InvalidPauseBits}. Emits {Unpaused}.
    function unpause(uint8 bits) external;

    // -------------------------------------------------------------------------------------------------- views

    /// @notice The `paymentId`: EIP-712 digest of the terms under this escrow's domain (EIP-5267 tells it).
    function hashPayment(Payment calldata payment) external view returns (bytes32 paymentId);

    /// @notice The stored state; all zero if there is no such payment.
    function paymentState(bytes32 paymentId) external view returns (PaymentState memory);

    /// @notice The stored states of many payments, in the order asked.
    function paymentStates(bytes32[] calldata paymentIds) external view returns (PaymentState[] memory);

    /// @notice From when on {claim} is possible: the deadline, or if the payment is disputed, its window after the
    /// deadline, or after the last hold during the dispute if that ended later.
    function claimableAt(Payment calldata payment) external view returns (uint256);

    /// @notice When the approval ends; 0 if it was never given, or spent. A stale one keeps its time, unusable.
    function approvalExpiry(bytes32 approvalId) external view returns (uint256);

    /// @notice What is owed to `account` because it could not be pushed.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice What the escrow owes of `token` in all.
    function tokenTotals(address token) external view returns (TokenTotals memory);

    /// @notice The token's limits.
    function tokenConfig(address token) external view returns (TokenConfig memory);

    /// @notice What operators may still move of `token` now.
    function availableOutflow(address token) external view returns (uint256);

    /// @notice The bits that are paused now.
    function paused() external view returns (uint8 bits);

    /// @notice When the pause of `bit` ends or ended; 0 if there never was one.
    /// @dev Errors: {InvalidPauseBits}.
    function pausedUntil(uint8 bit) external view returns (uint256);
}
