// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IComplianceRegistry} from "../../../contracts/interfaces/IComplianceRegistry.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IUpgradeController} from "../../../contracts/interfaces/IUpgradeController.sol";
import {VM} from "../Vm.sol";

/// @title Who holds which role: `deploy/roles.ts`, as far as it says who may do what and after which delay
library Officers {
    uint256 internal constant ATTESTER_KEY = uint256(keccak256("attester"));

    address internal constant ADMIN = address(uint160(uint256(keccak256("admin"))));
    address internal constant UPGRADER = address(uint160(uint256(keccak256("upgrader"))));
    address internal constant GUARDIAN = address(uint160(uint256(keccak256("guardian"))));
    address internal constant UNPAUSER = address(uint160(uint256(keccak256("unpauser"))));
    address internal constant OPERATOR = address(uint160(uint256(keccak256("operator"))));
    address internal constant APPROVER = address(uint160(uint256(keccak256("approver"))));
    address internal constant ARBITER = address(uint160(uint256(keccak256("arbiter"))));
    address internal constant COMPLIANCE = address(uint160(uint256(keccak256("compliance"))));
    address internal constant TREASURY = address(uint160(uint256(keccak256("treasury"))));
    address internal constant CONFIGURATOR = address(uint160(uint256(keccak256("configurator"))));
    /// @dev Named in terms, without any role.
    address internal constant NAMED_ARBITER = address(uint160(uint256(keccak256("named arbiter"))));

    uint64 private constant ADMIN_ROLE = 0;
    uint32 internal constant ADMIN_DELAY = 3 days;
    uint32 internal constant UPGRADER_DELAY = 2 days;
    uint32 internal constant UNPAUSER_DELAY = 1 days;
    uint32 internal constant CONFIGURATOR_DELAY = 3 days;

    /// @dev None of them may ever gain anything but the treasury, and that only surplus.
    function all() internal pure returns (address[] memory officers) {
        officers = new address[](12);
        officers[0] = ADMIN;
        officers[1] = UPGRADER;
        officers[2] = GUARDIAN;
        officers[3] = UNPAUSER;
        officers[4] = OPERATOR;
        officers[5] = APPROVER;
        officers[6] = ARBITER;
        officers[7] = COMPLIANCE;
        officers[8] = TREASURY;
        officers[9] = NAMED_ARBITER;
        officers[10] = VM.addr(ATTESTER_KEY);
        officers[11] = CONFIGURATOR;
    }

    /// @dev Grants and maps everything; the caller, who must be the admin, ends with nothing.
    function appoint(
        IAccessManager manager,
        IUpgradeController controller,
        IComplianceRegistry registry,
        IEscrow escrow
    ) internal {
        _allow(manager, address(controller), controller.upgrade.selector, 1, UPGRADER, UPGRADER_DELAY);
        _allow(manager, address(controller), controller.rollback.selector, 2, GUARDIAN, 0);
        _allow(manager, address(escrow), escrow.pause.selector, 2, GUARDIAN, 0);
        _allow(manager, address(escrow), escrow.unpause.selector, 3, UNPAUSER, UNPAUSER_DELAY);
        _allow(manager, address(escrow), escrow.release.selector, 4, OPERATOR, 0);
        _allow(manager, address(escrow), escrow.refund.selector, 4, OPERATOR, 0);
        _allow(manager, address(escrow), escrow.approvePayout.selector, 5, APPROVER, 0);
        _allow(manager, address(escrow), escrow.resolve.selector, 6, ARBITER, 0);
        _allow(manager, address(escrow), escrow.hold.selector, 7, COMPLIANCE, 0);
        _allow(manager, address(escrow), escrow.unhold.selector, 7, COMPLIANCE, 0);
        _allow(manager, address(registry), registry.setRecords.selector, 7, COMPLIANCE, 0);
        address attester = VM.addr(ATTESTER_KEY);
        _allow(manager, address(registry), registry.submitAttestation.selector, 8, attester, 0);
        _allow(manager, address(escrow), escrow.sweepSurplus.selector, 9, TREASURY, 0);
        _allow(
            manager,
            address(escrow),
            escrow.configureToken.selector,
            11,
            CONFIGURATOR,
            CONFIGURATOR_DELAY
        );
        _allow(manager, address(escrow), escrow.extendPause.selector, 11, CONFIGURATOR, CONFIGURATOR_DELAY);
        _allow(manager, address(registry), registry.setPolicy.selector, 11, CONFIGURATOR, CONFIGURATOR_DELAY);
        manager.grantRole(ADMIN_ROLE, ADMIN, ADMIN_DELAY);
        manager.renounceRole(ADMIN_ROLE, address(this));
    }

    function _allow(
        IAccessManager manager,
        address target,
        bytes4 selector,
        uint64 role,
        address holder,
        uint32 delay
    ) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
        manager.grantRole(role, holder, delay);
    }
}
