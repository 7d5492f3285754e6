// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProxyAdmin} from "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol";

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {ISelfTest} from "../interfaces/ISelfTest.sol";
import {IUpgradeController} from "../interfaces/IUpgradeController.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";
import {EscrowLayout} from "./EscrowLayout.sol";

/// @title A next version of the escrow: one variable more, an initializer for it, and a fault that anybody can plant
/// @dev What admin operations are tested on. A fault that is planted after the upgrade is one that no rehearsal sees.
/// Everything else the implementation does that it replaces: the escrow itself is near the largest a contract may be.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract EscrowNext is EscrowLayout {
    /// @custom:storage-location erc7201:holdfast.mocks.EscrowNext
    struct NextStorage {
        uint64 generation;
        bool broken;
    }

    // keccak256(abi.encode(uint256(keccak256("holdfast.mocks.EscrowNext")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xc0783304f850dc047ef08f2a94f6b6ec90053584dcd9d3f0a67a8945502def00;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable _rest;

    error PlantedFault();
    error PlainCoin();

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry, IPermit2) {
        address proxy = registry.escrow();
        // The proxy's first creation is its ProxyAdmin.
        address admin = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", proxy, hex"01")))));
        _rest = IUpgradeController(ProxyAdmin(admin).owner()).proxyRecord(proxy).implementation;
        _disableInitializers();
    }

    // solhint-disable-next-line no-complex-fallback
    fallback() external payable {
        bool passes = msg.sig == IEscrow.pause.selector || msg.sig == ISelfTest.selfTest.selector;
        if (_next().broken && !passes) revert PlantedFault();
        _delegate();
    }

    receive() external payable {
        revert PlainCoin();
    }

    function initializeV2(uint64 generation_) external reinitializer(2) {
        _next().generation = generation_;
    }

    /// @notice From now on every call fails but pausing and the self-test.
    function plantFault() external {
        _next().broken = true;
    }

    function generation() external view returns (uint64) {
        return _next().generation;
    }

    function version() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @dev Answers the call as the implementation would that this one replaces.
    /// @custom:oz-upgrades-unsafe-allow delegatecall
    function _delegate() internal {
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, bytes memory answer) = _rest.delegatecall(msg.data);
        assembly ("memory-safe") {
            switch success
            case 0 {
                revert(add(answer, 0x20), mload(answer))
            }
            default {
                return(add(answer, 0x20), mload(answer))
            }
        }
    }

    // Without these the layout's own `eip712Domain` would tell no name and no version: every paymentId would be another.
    // solhint-disable func-name-mixedcase
    function _EIP712Name() internal pure virtual override returns (string memory) {
        return "Holdfast Escrow";
    }

    function _EIP712Version() internal pure virtual override returns (string memory) {
        return "1";
    }

    // solhint-enable func-name-mixedcase

    function _next() private pure returns (NextStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
