// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUpgradeController} from "../../../../contracts/interfaces/IUpgradeController.sol";
import {IScreening} from "../../../../contracts/interfaces/IScreening.sol";
import {ComplianceRecord, Policy} from "../../../../contracts/types/ComplianceTypes.sol";
import {EXITS} from "../../../../contracts/types/PauseTypes.sol";
import {
    Payment,
    PaymentState,
    PaymentStatus,
    PayoutAction,
    TokenConfig
} from "../../../../contracts/types/PaymentTypes.sol";
import {PaymentLib} from "../../../../contracts/libraries/PaymentLib.sol";
import {VM} from "../../Vm.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {Eip712} from "./Eip712.sol";
import {Handler} from "./Handler.sol";

/// @title Everybody who tries what is not theirs to do
/// @dev Success is to be refused. Whatever is not refused breaks a rule.
contract IntruderHandler is Handler {
    using PaymentLib for Payment;

    address private constant STRANGER = address(uint160(uint256(keccak256("stranger"))));

    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    /// @dev Somebody decides about a payment in another's place.
    function decide(uint256 seed) external {
        (bytes32 id, Payment memory payment) = _openPayment(seed);
        if (id == 0) return;
        PaymentState memory state = escrow.paymentState(id);
        address opener = payment.opener(state);
        address arbiter = payment.arbiter == address(0) ? Officers.ARBITER : payment.arbiter;
        address intruder = _intruder(seed);

        _refused(intruder, payment.buyer, Officers.OPERATOR, abi.encodeCall(escrow.release, (payment, 1)));
        _refused(intruder, payment.seller, Officers.OPERATOR, abi.encodeCall(escrow.refund, (payment, 1)));
        _refused(
            intruder,
            payment.buyer,
            payment.seller,
            abi.encodeCall(escrow.openDispute, (payment, 0, ""))
        );
        _refused(intruder, opener, opener, abi.encodeCall(escrow.withdrawDispute, (payment)));
        _refused(intruder, arbiter, arbiter, abi.encodeCall(escrow.resolve, (payment, state.held, 0, 0)));
        _refused(
            intruder,
            payment.buyer,
            payment.buyer,
            abi.encodeCall(escrow.withdrawCredit, (payment.token, payment.buyer, intruder))
        );
        if (block.timestamp < escrow.claimableAt(payment)) {
            _refused(intruder, address(0), address(0), abi.encodeCall(escrow.claim, (payment)));
        }
        store.succeeded(msg.sig);
    }

    /// @dev One party signs a settlement for both.
    function forgeSettlement(uint256 seed) external {
        (bytes32 id, Payment memory payment) = _openPayment(seed);
        if (id == 0) return;
        uint256 held = escrow.paymentState(id).held;
        bytes32 digest = Eip712.digest(
            address(escrow),
            keccak256(
                abi.encode(
                    keccak256(
                        "Settlement(bytes32 paymentId,uint256 sellerAmount,uint256 buyerAmount,uint256 validUntil)"
                    ),
                    id,
                    held,
                    0,
                    type(uint256).max
                )
            )
        );
        address[] memory parties = suite.parties();
        uint256 signer = _draw(seed, 2) % parties.length;
        bytes memory signature = suite.signatureOf(signer, digest);
        _refused(
            parties[signer],
            address(0),
            address(0),
            abi.encodeCall(escrow.settle, (payment, held, 0, type(uint256).max, signature, signature))
        );
        store.succeeded(msg.sig);
    }

    /// @dev Somebody without the role, or with it and without its delay, uses an office.
    function usurp(uint256 seed) external {
        (bytes32 id, Payment memory payment) = _anyPayment(seed);
        if (id == 0) return;
        address intruder = _intruder(seed);
        address token = payment.token;
        address none = address(0);
        Policy memory policy;
        ComplianceRecord memory record;
        TokenConfig memory config;

        _refused(intruder, Officers.COMPLIANCE, none, abi.encodeCall(escrow.hold, (id, "")));
        _refused(intruder, Officers.COMPLIANCE, none, abi.encodeCall(escrow.unhold, (id, "")));
        _refused(
            intruder,
            Officers.APPROVER,
            none,
            abi.encodeCall(escrow.approvePayout, (payment, PayoutAction.Release, 1))
        );
        _refused(intruder, Officers.GUARDIAN, none, abi.encodeCall(escrow.pause, (EXITS, 1, "")));
        _refused(intruder, none, none, abi.encodeCall(escrow.extendPause, (EXITS, 1, "")));
        _refused(intruder, none, none, abi.encodeCall(escrow.unpause, (EXITS)));
        _refused(intruder, none, none, abi.encodeCall(escrow.configureToken, (token, config)));
        _refused(
            intruder,
            Officers.TREASURY,
            none,
            abi.encodeCall(escrow.sweepSurplus, (token, intruder, 1))
        );
        _refused(intruder, none, none, abi.encodeCall(IScreening.storeRecord, (intruder, record)));
        _refused(intruder, none, none, abi.encodeCall(IScreening.storePolicy, (policy)));
        _refusedBy(address(suite.registry()), intruder, abi.encodeCall(suite.registry().setPolicy, (policy)));
        address controller = address(suite.controller());
        _refusedBy(
            controller,
            intruder,
            abi.encodeCall(IUpgradeController.upgrade, (address(escrow), address(this), ""))
        );
        store.succeeded(msg.sig);
    }

    /// @dev An operator, who may pay out, pays out without the consent that it takes, or with it more than may be.
    function overreach(uint256 seed) external {
        (bytes32 id, Payment memory payment, PaymentState memory state) = _find(seed, PaymentStatus.Funded);
        if (id == 0) return;
        uint256 available = escrow.availableOutflow(payment.token);
        bool needsConsent = payment.amount >= escrow.tokenConfig(payment.token).approvalThreshold;
        if (!needsConsent && state.held <= available) return;

        if (needsConsent) _refusedToOperator(payment, 1);
        // Never to 1, which is what is tried above without consent.
        if (available != 0 && state.held > available) {
            VM.prank(Officers.APPROVER);
            escrow.approvePayout(payment, PayoutAction.Release, available + 1);
            _refusedToOperator(payment, available + 1);
        }
        store.succeeded(msg.sig);
    }

    /// @dev The treasury, which may sweep what nobody owns, sweeps more.
    function sweepTooMuch(uint256 seed) external {
        address[] memory tokens = suite.tokens();
        address token = tokens[_draw(seed, 0) % tokens.length];
        uint256 amount = store.surplus(token) + 1;
        bytes memory data = abi.encodeCall(escrow.sweepSurplus, (token, Officers.TREASURY, amount));
        if (_succeeds(address(escrow), Officers.TREASURY, data)) {
            store.breached(1, "what somebody owns was swept");
        }
        store.succeeded(msg.sig);
    }

    /// @dev Everybody entitled tries to move a payment once more that is closed, on hold, or whose exits are paused.
    function moveWhatMustStay(uint256 seed) external {
        (bytes32 id, Payment memory payment) = _anyPayment(seed);
        if (id == 0) return;
        PaymentState memory state = escrow.paymentState(id);
        bool closed = state.status == PaymentStatus.Closed;
        if (!closed && !_isOnHold(state) && !_exitsArePaused()) return;

        uint256 rule = closed ? 2 : 4;
        _still(rule, payment.buyer, abi.encodeCall(escrow.release, (payment, 1)));
        _still(rule, payment.seller, abi.encodeCall(escrow.refund, (payment, 1)));
        _still(rule, Officers.OPERATOR, abi.encodeCall(escrow.release, (payment, 1)));
        _still(rule, STRANGER, abi.encodeCall(escrow.claim, (payment)));
        if (closed || _isOnHold(state)) {
            address arbiter = payment.arbiter == address(0) ? Officers.ARBITER : payment.arbiter;
            _still(rule, arbiter, abi.encodeCall(escrow.resolve, (payment, state.held, 0, 0)));
        }
        if (closed) {
            _still(rule, payment.seller, abi.encodeCall(escrow.openDispute, (payment, 0, "")));
            _still(rule, payment.buyer, abi.encodeCall(escrow.withdrawDispute, (payment)));
            _still(rule, payment.buyer, abi.encodeCall(escrow.deposit, (payment)));
            _still(rule, Officers.COMPLIANCE, abi.encodeCall(escrow.hold, (id, "")));
        }
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](6);
        list[0] = this.decide.selector;
        list[1] = this.forgeSettlement.selector;
        list[2] = this.usurp.selector;
        list[3] = this.overreach.selector;
        list[4] = this.moveWhatMustStay.selector;
        list[5] = this.sweepTooMuch.selector;
    }

    function _refusedToOperator(Payment memory payment, uint256 amount) private {
        _refusedBy(address(escrow), Officers.OPERATOR, abi.encodeCall(escrow.release, (payment, amount)));
        _refusedBy(address(escrow), Officers.OPERATOR, abi.encodeCall(escrow.refund, (payment, amount)));
    }

    function _refused(address intruder, address entitled, address alsoEntitled, bytes memory data) private {
        if (intruder == entitled || intruder == alsoEntitled) return;
        _refusedBy(address(escrow), intruder, data);
    }

    function _refusedBy(address target, address intruder, bytes memory data) private {
        if (_succeeds(target, intruder, data)) store.breached(4, "somebody did what is not theirs to do");
    }

    function _still(uint256 rule, address caller, bytes memory data) private {
        if (_succeeds(address(escrow), caller, data)) store.breached(rule, "what must stay moved");
    }

    function _succeeds(address target, address caller, bytes memory data) private returns (bool success) {
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (success, ) = target.call(data);
    }

    /// @dev An open payment, half of the time a disputed one if there is one; id 0 if there is none.
    function _openPayment(uint256 seed) private view returns (bytes32 id, Payment memory payment) {
        if (_draw(seed, 9) % 2 == 0) (id, payment, ) = _find(seed, PaymentStatus.Disputed);
        bytes32[] memory open = store.open();
        if (id != 0 || open.length == 0) return (id, payment);
        id = open[_draw(seed, 0) % open.length];
        payment = store.paymentOf(id);
    }

    /// @dev Any payment, open or closed; id 0 if there is none.
    function _anyPayment(uint256 seed) private view returns (bytes32 id, Payment memory payment) {
        bytes32[] memory ids = store.ids();
        if (ids.length == 0) return (0, payment);
        id = ids[_draw(seed, 0) % ids.length];
        payment = store.paymentOf(id);
    }

    /// @dev An officer, a party or a stranger.
    function _intruder(uint256 seed) private view returns (address) {
        address[] memory officers = Officers.all();
        address[] memory parties = suite.parties();
        uint256 n = _draw(seed, 1) % (officers.length + parties.length + 1);
        if (n < officers.length) return officers[n];
        n -= officers.length;
        return n < parties.length ? parties[n] : STRANGER;
    }
}
