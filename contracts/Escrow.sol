// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MulticallUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/MulticallUpgradeable.sol";
import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IComplianceRegistry} from "./interfaces/IComplianceRegistry.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {ISelfTest} from "./interfaces/ISelfTest.sol";
import {IERC3009} from "./interfaces/external/IERC3009.sol";
import {IPermit2} from "./interfaces/external/IPermit2.sol";
import {PaymentLib} from "./libraries/PaymentLib.sol";
import {OperatorLimits} from "./modules/OperatorLimits.sol";
import {Screening} from "./modules/Screening.sol";
import {DEPOSITS, EXITS} from "./types/PauseTypes.sol";
import {
    DeadlineAction,
    FLAG_ON_HOLD,
    FLAG_OPENED_BY_SELLER,
    NATIVE_COIN,
    Payment,
    PaymentState,
    PaymentStatus,
    PayoutAction,
    PayoutCause
} from "./types/PaymentTypes.sol";

/// @title Escrow: see {IEscrow}
/// @dev Runs behind a TransparentUpgradeableProxy. Storage lives in ERC-7201 namespaces, append-only.
contract Escrow is IEscrow, ISelfTest, EIP712Upgradeable, MulticallUpgradeable, OperatorLimits {
    using PaymentLib for Payment;
    using PaymentLib for PaymentState;
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:holdfast.storage.Escrow
    struct EscrowStorage {
        mapping(bytes32 paymentId => PaymentState) payments;
    }

    // keccak256(abi.encode(uint256(keccak256("holdfast.storage.Escrow")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ESCROW_STORAGE =
        0xe7177b0be19837cad17681e74a35643480f4cefe0bd3bae887488fcb74784300;

    string private constant NAME = "Holdfast Escrow";
    string private constant VERSION = "1";
    bytes32 private constant NAME_HASH = keccak256("Holdfast Escrow");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant SETTLEMENT_TYPEHASH = keccak256(
        "Settlement(bytes32 paymentId,uint256 sellerAmount,uint256 buyerAmount,uint256 validUntil)"
    );

    string private constant PERMIT2_WITNESS_TYPE = string.concat(
        "Payment witness)",
        PaymentLib.TYPE,
        "TokenPermissions(address token,uint256 amount)"
    );

    /// @notice The Permit2 contract that {depositWithPermit2} goes through. Fixed in the implementation.
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPermit2 public immutable permit2;

    /// @dev Errors: {InvalidDependency}.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry_, IPermit2 permit2_) Screening(registry_) {
        if (address(permit2_).code.length == 0) revert InvalidDependency(address(permit2_));
        permit2 = permit2_;
        _disableInitializers();
    }

    /// @notice Called once through the proxy when it is deployed.
    /// @param authority The AccessManager that says who may do what; {selfTest} refuses one without code.
    /// @dev Errors: {InvalidInitialization}. Emits {AuthorityUpdated}, {Initialized}. EIP712's own initializer would
    /// only store the name and version that are constants here.
    /// @custom:oz-upgrades-unsafe-allow missing-initializer-call incorrect-initializer-order
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    // ----------------------------------------------------------------------------------------------- deposits

    /// @inheritdoc IEscrow
    function deposit(Payment memory payment) external payable nonReentrant returns (bytes32 paymentId) {
        _requireCaller(payment.buyer);
        paymentId = _create(payment);
        if (payment.token == NATIVE_COIN) {
            if (msg.value != payment.amount) revert InvalidValue(msg.value, payment.amount);
        } else {
            if (msg.value != 0) revert InvalidValue(msg.value, 0);
            _pullAllowance(payment);
        }
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(
        Payment memory payment,
        uint256 permitDeadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (bytes32 paymentId) {
        _requireCaller(payment.buyer);
        paymentId = _create(payment);
        _requireNotNative(payment);
        try
            IERC20Permit(payment.token).permit(
                payment.buyer,
                address(this),
                payment.amount,
                permitDeadline,
                v,
                r,
                s
            )
        {} catch {} // the allowance decides
        _pullAllowance(payment);
    }

    /// @inheritdoc IEscrow
    function depositWithAuthorization(
        Payment memory payment,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 paymentId) {
        paymentId = _create(payment);
        _requireNotNative(payment);
        uint256 before = _balance(payment.token);
        if (signature.length == 65) {
            IERC3009(payment.token).receiveWithAuthorization(
                payment.buyer,
                address(this),
                payment.amount,
                validAfter,
                validBefore,
                paymentId,
                uint8(signature[64]),
                bytes32(signature[:32]),
                bytes32(signature[32:64])
            );
        } else {
            IERC3009(payment.token).receiveWithAuthorization(
                payment.buyer,
                address(this),
                payment.amount,
                validAfter,
                validBefore,
                paymentId,
                signature
            );
        }
        _requireArrived(payment, before);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit2(
        Payment memory payment,
        uint256 nonce,
        uint256 signatureDeadline,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 paymentId) {
        paymentId = _create(payment);
        _requireNotNative(payment);
        uint256 before = _balance(payment.token);
        permit2.permitWitnessTransferFrom(
            IPermit2.PermitTransferFrom({
                permitted: IPermit2.TokenPermissions({token: payment.token, amount: payment.amount}),
                nonce: nonce,
                deadline: signatureDeadline
            }),
            IPermit2.SignatureTransferDetails({to: address(this), requestedAmount: payment.amount}),
            payment.buyer,
            payment.structHash(),
            PERMIT2_WITNESS_TYPE,
            signature
        );
        _requireArrived(payment, before);
    }

    // ------------------------------------------------------------------------------------------------ payouts

    /// @inheritdoc IEscrow
    function release(Payment memory payment, uint256 amount) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadFunded(payment);
        _requireNotOnHold(paymentId, state);
        _requireNotPaused(EXITS);
        PaymentLib.requirePart(amount, state.held);
        if (_msgSender() != payment.buyer) {
            _actAsOperator(payment, paymentId, state, PayoutAction.Release, amount);
        }
        _payOut(payment, paymentId, state, PayoutCause.Release, amount, 0);
    }

    /// @inheritdoc IEscrow
    function refund(Payment memory payment, uint256 amount) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadFunded(payment);
        _requireNotOnHold(paymentId, state);
        _requireNotPaused(EXITS);
        PaymentLib.requirePart(amount, state.held);
        if (_msgSender() != payment.seller) {
            _actAsOperator(payment, paymentId, state, PayoutAction.Refund, amount);
        }
        _payOut(payment, paymentId, state, PayoutCause.Refund, 0, amount);
    }

    /// @inheritdoc IEscrow
    function claim(Payment memory payment) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadHolding(payment);
        _requireNotOnHold(paymentId, state);
        _requireNotPaused(EXITS);
        uint256 notBefore = payment.claimableAt(state);
        if (block.timestamp < notBefore) revert TooEarly(notBefore, block.timestamp);
        bool toSeller = payment.onDeadline == DeadlineAction.Release;
        _payOut(
            payment,
            paymentId,
            state,
            PayoutCause.Claim,
            toSeller ? state.held : 0,
            toSeller ? 0 : state.held
        );
    }

    /// @inheritdoc IEscrow
    function settle(
        Payment memory payment,
        uint256 sellerAmount,
        uint256 buyerAmount,
        uint256 validUntil,
        bytes calldata buyerSignature,
        bytes calldata sellerSignature
    ) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadHolding(payment);
        _requireNotOnHold(paymentId, state);
        _requireNotPaused(EXITS);
        PaymentLib.requireSplit(sellerAmount, buyerAmount, state.held);
        if (block.timestamp >= validUntil) revert TooLate(validUntil, block.timestamp);
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(SETTLEMENT_TYPEHASH, paymentId, sellerAmount, buyerAmount, validUntil))
        );
        _requireSigned(payment.buyer, digest, buyerSignature);
        _requireSigned(payment.seller, digest, sellerSignature);

        emit PaymentSettled(
            paymentId,
            payment.buyer,
            payment.seller,
            _msgSender(),
            sellerAmount,
            buyerAmount
        );
        _payOut(payment, paymentId, state, PayoutCause.Settle, sellerAmount, buyerAmount);
    }

    // ----------------------------------------------------------------------------------------------- disputes

    /// @inheritdoc IEscrow
    function openDispute(
        Payment memory payment,
        bytes32 evidenceHash,
        string calldata evidenceURI
    ) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadFunded(payment);
        address caller = _msgSender();
        if (caller != payment.buyer && caller != payment.seller) revert UnauthorizedCaller(caller);
        if (block.timestamp >= payment.deadline) revert TooLate(payment.deadline, block.timestamp);

        state.status = PaymentStatus.Disputed;
        state.disputedAt = uint32(block.timestamp);
        if (caller == payment.seller) state.flags |= FLAG_OPENED_BY_SELLER;
        _payments()[paymentId].save(state);
        emit DisputeOpened(
            paymentId,
            payment.buyer,
            payment.seller,
            caller,
            payment.claimableAt(state),
            evidenceHash,
            evidenceURI
        );
    }

    /// @inheritdoc IEscrow
    function withdrawDispute(Payment memory payment) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadDisputed(payment);
        _requireCaller(payment.opener(state));
        uint256 deadline = payment.withdrawableUntil(state);
        if (block.timestamp >= deadline) revert TooLate(deadline, block.timestamp);

        state.status = PaymentStatus.Funded;
        state.disputedAt = 0;
        state.flags &= ~FLAG_OPENED_BY_SELLER;
        _payments()[paymentId].save(state);
        emit DisputeWithdrawn(paymentId, payment.buyer, payment.seller, _msgSender());
    }

    /// @inheritdoc IEscrow
    function resolve(
        Payment memory payment,
        uint256 sellerAmount,
        uint256 buyerAmount,
        bytes32 rulingHash
    ) external nonReentrant {
        (bytes32 paymentId, PaymentState memory state) = _loadDisputed(payment);
        _requireNotOnHold(paymentId, state);
        _requireArbiter(payment);
        PaymentLib.requireSplit(sellerAmount, buyerAmount, state.held);
        uint256 deadline = payment.claimableAt(state);
        if (block.timestamp >= deadline) revert TooLate(deadline, block.timestamp);

        emit DisputeResolved(
            paymentId,
            payment.buyer,
            payment.seller,
            _msgSender(),
            sellerAmount,
            buyerAmount,
            rulingHash
        );
        _payOut(payment, paymentId, state, PayoutCause.Resolve, sellerAmount, buyerAmount);
    }

    // ---------------------------------------------------------------------------------- operators and officers

    /// @inheritdoc IEscrow
    function approvePayout(
        Payment memory payment,
        PayoutAction action,
        uint256 amount
    ) external restricted returns (bytes32 approvalId) {
        (bytes32 paymentId, PaymentState memory state) = _loadFunded(payment);
        PaymentLib.requirePart(amount, state.held);
        _requireDisinterested(payment.beneficiary(action));
        return _approve(paymentId, state, action, amount);
    }

    /// @inheritdoc IEscrow
    function hold(bytes32 paymentId, string calldata reason) external restricted {
        _setHold(paymentId, true);

        emit PaymentFrozen(paymentId, _msgSender(), reason);
    }

    /// @inheritdoc IEscrow
    function unhold(bytes32 paymentId, string calldata reason) external restricted {
        PaymentState storage state = _setHold(paymentId, false);
        // A hold must not decide a dispute by letting the arbiter's time run out.
        if (state.status == PaymentStatus.Disputed) state.disputedAt = uint32(block.timestamp);

        emit PaymentUnfrozen(paymentId, _msgSender(), state.disputedAt, reason);
    }

    // -------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IEscrow
    function hashPayment(Payment memory payment) public view returns (bytes32) {
        return _hashTypedDataV4(payment.structHash());
    }

    /// @inheritdoc IEscrow
    function paymentState(bytes32 paymentId) public view returns (PaymentState memory) {
        return _payments()[paymentId];
    }

    /// @inheritdoc IEscrow
    function paymentStates(
        bytes32[] calldata paymentIds
    ) external view returns (PaymentState[] memory states) {
        states = new PaymentState[](paymentIds.length);
        for (uint256 i = 0; i < paymentIds.length; ++i) {
            states[i] = paymentState(paymentIds[i]);
        }
    }

    /// @inheritdoc IEscrow
    function claimableAt(Payment memory payment) external view returns (uint256) {
        return payment.claimableAt(paymentState(hashPayment(payment)));
    }

    /// @inheritdoc ISelfTest
    /// @dev Errors: {InvalidDependency}.
    function selfTest() external view returns (bytes4) {
        if (authority().code.length == 0) revert InvalidDependency(authority());
        if (!_isOwn(registry)) revert InvalidDependency(address(registry));
        // Reverts if what is stored there is no policy.
        policy();
        return ISelfTest.selfTest.selector;
    }

    /// @inheritdoc ISelfTest
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    // ----------------------------------------------------------------------------------------------- internals

    /// @dev A registry that writes elsewhere, or an implementation without its proxy, would freeze every record as it
    /// is. A new registry names no escrow until CONFIGURATOR names this one.
    function _isOwn(IComplianceRegistry candidate) private view returns (bool) {
        address named = candidate.escrow();
        return
            (named == address(this) || named == address(0)) &&
            IAccessManaged(address(candidate)).authority() == authority();
    }

    /// @dev Checks and effects of every deposit; the caller then makes the money arrive.
    function _create(Payment memory payment) private returns (bytes32 paymentId) {
        _requireNotPaused(DEPOSITS);
        payment.validate(address(this));
        paymentId = hashPayment(payment);
        PaymentState storage state = _payments()[paymentId];
        if (state.status != PaymentStatus.None) revert PaymentAlreadyExists(paymentId);
        _requireParty(paymentId, payment.buyer);
        _requireParty(paymentId, payment.seller);

        _addHeld(payment.token, payment.amount);
        state.status = PaymentStatus.Funded;
        state.held = uint104(payment.amount); // at most the token's cap
        emit PaymentCreated(
            paymentId,
            payment.buyer,
            payment.seller,
            payment.token,
            payment.amount,
            payment.deadline,
            payment.onDeadline,
            payment.arbiter,
            payment.disputeWindow,
            payment.feeBps,
            payment.feeRecipient,
            payment.paymentReference
        );
    }

    /// @dev Effects, events and interactions of every way out. `sellerAmount` includes the fee.
    function _payOut(
        Payment memory payment,
        bytes32 paymentId,
        PaymentState memory state,
        PayoutCause cause,
        uint256 sellerAmount,
        uint256 buyerAmount
    ) private {
        uint256 fee = state.takeForSeller(sellerAmount, payment.feeBps);
        (address buyer, address seller) = (payment.buyer, payment.seller);
        if (sellerAmount != 0) {
            emit PaymentReleased(
                paymentId,
                buyer,
                seller,
                cause,
                _msgSender(),
                sellerAmount,
                fee,
                state.held,
                state.released
            );
        }
        if (buyerAmount != 0) {
            state.takeForBuyer(buyerAmount);
            emit PaymentRefunded(
                paymentId,
                buyer,
                seller,
                cause,
                _msgSender(),
                buyerAmount,
                state.held,
                state.released
            );
        }
        state.closeIfEmpty();
        _payments()[paymentId].save(state);
        address token = payment.token;
        _subtractHeld(token, sellerAmount + buyerAmount);

        _payOrCredit(paymentId, token, seller, sellerAmount - fee);
        _payOrCredit(paymentId, token, payment.feeRecipient, fee);
        _payOrCredit(paymentId, token, buyer, buyerAmount);
    }

    function _pullAllowance(Payment memory payment) private {
        uint256 before = _balance(payment.token);
        IERC20(payment.token).safeTransferFrom(payment.buyer, address(this), payment.amount);
        _requireArrived(payment, before);
    }

    /// @dev Refuses tokens that take a fee, rebase or lie, whatever the allow-list says.
    function _requireArrived(Payment memory payment, uint256 before) private view {
        uint256 received = Math.saturatingSub(_balance(payment.token), before);
        if (received != payment.amount) revert TransferAmountMismatch(received, payment.amount);
    }

    function _setHold(bytes32 paymentId, bool onHold) private returns (PaymentState storage state) {
        state = _payments()[paymentId];
        if (state.status != PaymentStatus.Funded && state.status != PaymentStatus.Disputed) {
            revert InvalidStatus(paymentId, state.status);
        }
        if ((state.flags & FLAG_ON_HOLD != 0) == onHold) revert HoldUnchanged(paymentId, onHold);
        state.flags ^= FLAG_ON_HOLD;
    }

    function _loadFunded(
        Payment memory payment
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        (paymentId, state) = _load(payment);
        if (state.status != PaymentStatus.Funded) revert InvalidStatus(paymentId, state.status);
    }

    function _loadDisputed(
        Payment memory payment
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        (paymentId, state) = _load(payment);
        if (state.status != PaymentStatus.Disputed) revert InvalidStatus(paymentId, state.status);
    }

    function _loadHolding(
        Payment memory payment
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        (paymentId, state) = _load(payment);
        if (state.held == 0) revert InvalidStatus(paymentId, state.status);
    }

    function _load(
        Payment memory payment
    ) private view returns (bytes32 paymentId, PaymentState memory state) {
        paymentId = hashPayment(payment);
        state = _payments()[paymentId];
    }

    function _requireNotOnHold(bytes32 paymentId, PaymentState memory state) private pure {
        if (state.isOnHold()) revert PaymentOnHold(paymentId);
    }

    function _requireCaller(address expected) private view {
        if (_msgSender() != expected) revert UnauthorizedCaller(_msgSender());
    }

    /// @dev The terms' arbiter alone, else whoever has the role now, unless they are a party.
    function _requireArbiter(Payment memory payment) private {
        if (payment.arbiter != address(0)) return _requireCaller(payment.arbiter);
        _checkCanCall(_msgSender(), _msgData());
        _requireDisinterested(payment.buyer);
        _requireDisinterested(payment.seller);
    }

    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) private view {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature))
            revert InvalidSignature(signer);
    }

    function _requireNotNative(Payment memory payment) private pure {
        if (payment.token == NATIVE_COIN) revert NativeCoinNotSupported();
    }

    /// @dev As OpenZeppelin does it, but with name and version hashed when this is compiled.
    function _hashTypedDataV4(bytes32 structHash) internal view override returns (bytes32) {
        bytes32 domainSeparator = keccak256(
            abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this))
        );
        return MessageHashUtils.toTypedDataHash(domainSeparator, structHash);
    }

    /// @dev Constants instead of storage.
    function _EIP712Name() internal pure override returns (string memory) {
        return NAME;
    }

    function _EIP712Version() internal pure override returns (string memory) {
        return VERSION;
    }

    function _payments() private view returns (mapping(bytes32 paymentId => PaymentState) storage) {
        EscrowStorage storage $;
        assembly {
            $.slot := ESCROW_STORAGE
        }
        return $.payments;
    }
}
