// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EXITS, PAYOUTS} from "../../../../contracts/types/PauseTypes.sol";
import {
    NATIVE_COIN,
    Payment,
    PaymentState,
    PaymentStatus,
    PayoutAction,
    TokenConfig
} from "../../../../contracts/types/PaymentTypes.sol";
import {VM} from "../../Vm.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {IOpenToken, Suite} from "../Suite.sol";
import {TurncoatToken} from "../mocks/TurncoatToken.sol";
import {Handler} from "./Handler.sol";

/// @title The platform's staff: pays out within limits, sweeps what nobody owns, sets the limits
contract OperatorHandler is Handler {
    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function release(uint256 seed) external {
        if (_payOutAll(seed, PayoutAction.Release)) store.succeeded(msg.sig);
    }

    function refund(uint256 seed) external {
        if (_payOutAll(seed, PayoutAction.Refund)) store.succeeded(msg.sig);
    }

    /// @dev Somebody sends tokens by mistake, or forces coin in.
    function donate(uint256 seed) external {
        address token = _token(seed);
        uint256 amount = _amount(_draw(seed, 1), 1_000);
        if (token == NATIVE_COIN) VM.deal(address(escrow), address(escrow).balance + amount);
        else IOpenToken(token).mint(address(escrow), amount);
        store.donated(token, amount);
        store.succeeded(msg.sig);
    }

    function sweepSurplus(uint256 seed) external {
        address token = _token(seed);
        uint256 surplus = store.surplus(token);
        bool refuses =
            token == address(suite.turncoat()) && suite.turncoat().mode() != TurncoatToken.Mode.Honest;
        if (surplus == 0 || refuses) return;

        uint256 amount = _amount(_draw(seed, 1), surplus);
        VM.prank(Officers.TREASURY);
        escrow.sweepSurplus(token, Officers.TREASURY, amount);
        store.swept(token, Officers.TREASURY, amount);
        store.succeeded(msg.sig);
    }

    function configureToken(uint256 seed) external {
        address token = _token(seed);
        TokenConfig memory config = TokenConfig({
            enabled: _draw(seed, 1) % 8 != 0,
            cap: uint104(suite.CAP() / (1 + (_draw(seed, 2) % 4))),
            approvalThreshold: suite.APPROVAL_THRESHOLD() / uint128(1 + (_draw(seed, 3) % 4)),
            outflowLimit: suite.OUTFLOW_LIMIT() / uint208(1 + (_draw(seed, 4) % 4)),
            outflowWindow: suite.OUTFLOW_WINDOW()
        });
        bytes memory data = abi.encodeCall(escrow.configureToken, (token, config));
        _actDelayed(Officers.CONFIGURATOR, Officers.CONFIGURATOR_DELAY, address(escrow), data);
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](5);
        list[0] = this.release.selector;
        list[1] = this.refund.selector;
        list[2] = this.donate.selector;
        list[3] = this.sweepSurplus.selector;
        list[4] = this.configureToken.selector;
    }

    /// @dev Several at once, which is what the limits are for.
    function _payOutAll(uint256 seed, PayoutAction action) private returns (bool any) {
        for (uint256 i = 0; i < 4; ++i) any = _payOut(_draw(seed, 20 + i), action) || any;
    }

    function _payOut(uint256 seed, PayoutAction action) private returns (bool) {
        (bytes32 id, Payment memory payment, PaymentState memory state) = _find(seed, PaymentStatus.Funded);
        if (id == 0 || escrow.paused() & (EXITS | PAYOUTS) != 0) return false;
        uint256 available = escrow.availableOutflow(payment.token);
        if (available == 0) return false;

        uint256 amount = _amount(_draw(seed, 1), available < state.held ? available : state.held);
        if (payment.amount >= escrow.tokenConfig(payment.token).approvalThreshold) {
            VM.prank(Officers.APPROVER);
            escrow.approvePayout(payment, action, amount);
        }
        bool isRelease = action == PayoutAction.Release;
        store.decided(id, isRelease ? amount : 0, isRelease ? 0 : amount);
        store.operatorMoved(payment.token, block.timestamp, amount);
        bytes memory data =
            isRelease
                ? abi.encodeCall(escrow.release, (payment, amount))
                : abi.encodeCall(escrow.refund, (payment, amount));
        _move(Officers.OPERATOR, id, payment, data);
        return true;
    }

    function _token(uint256 seed) private view returns (address) {
        address[] memory tokens = suite.tokens();
        return tokens[_draw(seed, 0) % tokens.length];
    }
}
