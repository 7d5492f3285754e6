// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUpgradeController} from "../../../../contracts/interfaces/IUpgradeController.sol";
import {VM} from "../../Vm.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {BrokenEscrow} from "../mocks/BrokenEscrow.sol";
import {Handler} from "./Handler.sol";

/// @title The upgrader, and the guardian who takes upgrades back
contract UpgradeHandler is Handler {
    IUpgradeController private immutable controller;
    address private immutable brokenEscrow = address(new BrokenEscrow());
    /// @dev Two of each, so that there is always another one.
    address[2] private escrows;
    address[2] private registries;

    constructor(Suite suite_, Store store_) Handler(suite_, store_) {
        controller = suite_.controller();
        escrows = [suite_.newEscrow("Escrow"), suite_.newEscrow("EscrowV2")];
        registries = [suite_.newRegistry(), suite_.newRegistry()];
    }

    function upgrade(uint256 seed) external {
        bool ofEscrow = _draw(seed, 0) % 2 == 0;
        address proxy = ofEscrow ? address(escrow) : address(suite.registry());
        address[2] memory candidates = ofEscrow ? escrows : registries;
        address implementation = candidates[_draw(seed, 1) % 2];
        if (implementation == controller.proxyRecord(proxy).implementation) {
            implementation = implementation == candidates[0] ? candidates[1] : candidates[0];
        }
        bytes memory data =
            implementation == escrows[1] ? abi.encodeWithSignature("countUpgrade()") : bytes("");
        _upgrade(proxy, implementation, data);
        store.succeeded(msg.sig);
    }

    function rollback(uint256 seed) external {
        address[2] memory proxies = [address(escrow), address(suite.registry())];
        address proxy = proxies[_draw(seed, 0) % 2];
        if (!_canRollBack(proxy)) proxy = proxies[1 - (_draw(seed, 0) % 2)];
        if (!_canRollBack(proxy)) return;

        VM.prank(Officers.GUARDIAN);
        controller.rollback(proxy);
        store.succeeded(msg.sig);
    }

    /// @dev The upgrade that goes wrong: nothing works but the way back.
    function recoverFromBrokenUpgrade() external {
        address previous = controller.proxyRecord(address(escrow)).implementation;
        _upgrade(address(escrow), brokenEscrow, "");
        // solhint-disable-next-line avoid-low-level-calls
        (bool works, ) = address(escrow).call(abi.encodeCall(escrow.paused, ()));
        assert(!works);

        VM.prank(Officers.GUARDIAN);
        controller.rollback(address(escrow));
        assert(controller.proxyRecord(address(escrow)).implementation == previous);
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](3);
        list[0] = this.upgrade.selector;
        list[1] = this.rollback.selector;
        list[2] = this.recoverFromBrokenUpgrade.selector;
    }

    function _canRollBack(address proxy) private view returns (bool) {
        IUpgradeController.ProxyRecord memory record = controller.proxyRecord(proxy);
        bool inTime = block.timestamp < record.upgradedAt + suite.ROLLBACK_WINDOW();
        return record.previous != address(0) && inTime;
    }

    function _upgrade(address proxy, address implementation, bytes memory data) private {
        bytes memory call = abi.encodeCall(controller.upgrade, (proxy, implementation, data));
        _actDelayed(Officers.UPGRADER, Officers.UPGRADER_DELAY, address(controller), call);
    }
}
