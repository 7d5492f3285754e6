// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ProxyAdmin} from "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol";
import {
    ITransparentUpgradeableProxy,
    TransparentUpgradeableProxy
} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ISelfTest} from "./interfaces/ISelfTest.sol";
import {IUpgradeController} from "./interfaces/IUpgradeController.sol";

/// @title UpgradeController
/// @notice See {IUpgradeController}.
contract UpgradeController is IUpgradeController, AccessManaged, ReentrancyGuardTransient {
    uint32 private constant MIN_ROLLBACK_WINDOW = 1 days;
    uint32 private constant MAX_ROLLBACK_WINDOW = 90 days;

    /// @dev What the code of an account that delegates to other code starts with, and its whole length (EIP-7702).
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;
    uint256 private constant DELEGATION_LENGTH = 23;

    /// @dev A failing self-test may answer with anything; no more than this of it is carried in the error.
    uint256 private constant MAX_REASON_LENGTH = 256;

    /// @inheritdoc IUpgradeController
    uint32 public immutable rollbackWindow;

    mapping(address proxy => ProxyRecord) private _records;

    /// @param authority_ The AccessManager.
    /// @param rollbackWindow_ Seconds, from 1 day to 90 days.
    /// @dev Errors: {InvalidRollbackWindow}.
    constructor(address authority_, uint32 rollbackWindow_) AccessManaged(authority_) {
        if (rollbackWindow_ < MIN_ROLLBACK_WINDOW || rollbackWindow_ > MAX_ROLLBACK_WINDOW) {
            revert InvalidRollbackWindow(rollbackWindow_, MIN_ROLLBACK_WINDOW, MAX_ROLLBACK_WINDOW);
        }
        rollbackWindow = rollbackWindow_;
    }

    /// @inheritdoc IUpgradeController
    function deployProxy(
        address implementation,
        bytes calldata data
    ) external restricted nonReentrant returns (address proxy) {
        _checkCode(implementation);

        proxy = address(new TransparentUpgradeableProxy(implementation, address(this), data));
        address admin = _proxyAdminOf(proxy);

        _records[proxy].admin = admin;
        _records[proxy].implementation = implementation;
        emit ProxyDeployed(proxy, implementation, admin, implementation.codehash, msg.sender);

        _selfTest(proxy, implementation);
    }

    /// @inheritdoc IUpgradeController
    function upgrade(
        address proxy,
        address implementation,
        bytes calldata data
    ) external restricted nonReentrant {
        ProxyRecord storage record = _recordOf(proxy);
        address from = record.implementation;
        if (implementation == from) revert SameImplementation(implementation);
        _checkCode(implementation);

        bytes32 fromCodehash = from.codehash;
        record.implementation = implementation;
        record.previous = from;
        record.previousCodehash = fromCodehash;
        record.upgradedAt = uint64(block.timestamp);
        emit Upgraded(proxy, from, implementation, fromCodehash, implementation.codehash, msg.sender);

        _setImplementation(record.admin, proxy, implementation, data);
        _selfTest(proxy, implementation);
    }

    /// @inheritdoc IUpgradeController
    function rollback(address proxy) external restricted nonReentrant {
        ProxyRecord storage record = _recordOf(proxy);
        address to = record.previous;
        if (to == address(0)) revert NothingToRollBack(proxy);
        uint256 closedAt = record.upgradedAt + rollbackWindow;
        if (block.timestamp >= closedAt) revert RollbackWindowOver(closedAt, block.timestamp);
        bytes32 toCodehash = to.codehash;
        if (toCodehash != record.previousCodehash) {
            revert CodehashChanged(to, record.previousCodehash, toCodehash);
        }

        address from = record.implementation;
        record.implementation = to;
        // What was rolled back is no way back: only a delayed upgrade may put it in place again.
        record.previous = address(0);
        record.previousCodehash = 0;
        emit RolledBack(proxy, from, to, from.codehash, toCodehash, msg.sender);

        // Without data the proxy only rewrites its implementation slot: neither implementation runs.
        _setImplementation(record.admin, proxy, to, "");
    }

    /// @inheritdoc IUpgradeController
    function proxyRecord(address proxy) external view returns (ProxyRecord memory) {
        return _records[proxy];
    }

    function _setImplementation(
        address admin,
        address proxy,
        address implementation,
        bytes memory data
    ) private {
        ProxyAdmin(admin).upgradeAndCall(ITransparentUpgradeableProxy(proxy), implementation, data);
    }

    /// @dev A static call, so a self-test cannot change what it judges.
    function _selfTest(address proxy, address implementation) private view {
        (bool success, bytes32 magic, ) = LowLevelCall.staticcallReturn64Bytes(
            proxy,
            abi.encodeCall(ISelfTest.selfTest, ())
        );
        bool answered = success && LowLevelCall.returnDataSize() >= 32;
        if (!answered || magic != bytes32(ISelfTest.selfTest.selector)) {
            revert SelfTestFailed(proxy, implementation, _boundedReturnData());
        }
    }

    function _recordOf(address proxy) private view returns (ProxyRecord storage record) {
        record = _records[proxy];
        if (record.admin == address(0)) revert UnknownProxy(proxy);
    }

    /// @dev The proxy's constructor creates its ProxyAdmin last. It is the proxy's first creation exactly if there is no
    /// second one; an initializer that created something before it would have moved it there.
    function _proxyAdminOf(address proxy) private view returns (address admin) {
        admin = _creationOf(proxy, 1);
        if (admin.code.length == 0 || _creationOf(proxy, 2).code.length != 0) {
            revert UnexpectedProxyAdmin(proxy, admin);
        }
    }

    /// @dev Address of the contract that `creator` creates at `nonce` (1 to 127), from its RLP encoding.
    function _creationOf(address creator, uint8 nonce) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", creator, nonce)))));
    }

    function _checkCode(address implementation) private view {
        uint256 length = implementation.code.length;
        bool delegates = length == DELEGATION_LENGTH && bytes3(implementation.code) == DELEGATION_PREFIX;
        if (length == 0 || delegates) revert ImplementationWithoutCode(implementation);
    }

    function _boundedReturnData() private pure returns (bytes memory reason) {
        uint256 length = LowLevelCall.returnDataSize();
        if (length > MAX_REASON_LENGTH) length = MAX_REASON_LENGTH;
        reason = new bytes(length);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, length)
        }
    }
}
