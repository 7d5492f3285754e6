// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The only way to change the code behind a proxy, and to take the change back
/// @notice Owns the ProxyAdmin of every proxy it deployed. Itself immutable: a rollback runs this code and the
/// proxy's, never the implementation that is being rolled back. A function of a role reverts with
/// {IAccessManaged-AccessManagedUnauthorized} for everybody else, and each of them refuses reentry
/// (`ReentrancyGuardReentrantCall`).
/// @dev Rolling back restores code, not data. Storage must be append-only (ERC-7201), see docs.
interface IUpgradeController {
    /// @notice Where one proxy stands.
    /// @param admin The proxy's ProxyAdmin (ERC-1967 admin).
    /// @param implementation The implementation in use.
    /// @param previous What {rollback} would restore; zero if there is nothing to go back to.
    /// @param previousCodehash `previous.codehash` when it was replaced (EIP-1052).
    /// @param upgradedAt Unix seconds of the last upgrade; 0 if there was none.
    struct ProxyRecord {
        address admin;
        address implementation;
        address previous;
        bytes32 previousCodehash;
        uint64 upgradedAt;
    }

    /// @notice A proxy was deployed behind its first implementation.
    event ProxyDeployed(
        address indexed proxy,
        address indexed implementation,
        address admin,
        bytes32 codehash,
        address by
    );

    /// @notice A proxy's code was replaced.
    event Upgraded(
        address indexed proxy,
        address indexed from,
        address indexed to,
        bytes32 fromCodehash,
        bytes32 toCodehash,
        address by
    );

    /// @notice A proxy's code was put back.
    event RolledBack(
        address indexed proxy,
        address indexed from,
        address indexed to,
        bytes32 fromCodehash,
        bytes32 toCodehash,
        address by
    );

    /// @notice The proxy was not deployed by this controller.
    error UnknownProxy(address proxy);
    /// @notice The implementation has no code of its own. An account that merely delegates to code (EIP-7702) counts
    /// as such: its key could change the code at any time, around every delay.
    error ImplementationWithoutCode(address implementation);
    /// @notice The proxy already runs this implementation; upgrading to it would overwrite the way back.
    error SameImplementation(address implementation);
    /// @notice The initializer created contracts of its own, so this is not surely the ProxyAdmin.
    error UnexpectedProxyAdmin(address proxy, address admin);
    /// @notice The new implementation's self-test did not return the magic value.
    error SelfTestFailed(address proxy, address implementation, bytes reason);
    /// @notice There is no recorded previous implementation.
    error NothingToRollBack(address proxy);
    /// @notice The code at the recorded previous implementation changed since it was replaced.
    error CodehashChanged(address implementation, bytes32 expected, bytes32 actual);
    /// @notice The rollback window is over; go forward with an upgrade.
    error RollbackWindowOver(uint256 closedAt, uint256 timestamp);
    /// @notice The rollback window is outside its bounds.
    error InvalidRollbackWindow(uint32 given, uint32 min, uint32 max);

    /// @notice Deploys a proxy in front of `implementation`. CONFIGURATOR role, delayed.
    /// @param data Initializer call made through the new proxy.
    /// @dev Errors: {ImplementationWithoutCode}, {UnexpectedProxyAdmin}, {SelfTestFailed}; and the initializer's own.
    /// Emits {ProxyDeployed}.
    function deployProxy(address implementation, bytes calldata data) external returns (address proxy);

    /// @notice Replaces a proxy's code. UPGRADER role, delayed and cancellable through the AccessManager.
    /// @param data Optional call made through the proxy after the change, in the same transaction.
    /// @dev Records the replaced implementation and its codehash. Errors: {UnknownProxy},
    /// {SameImplementation}, {ImplementationWithoutCode}, {SelfTestFailed}; and those
    /// of the call that `data` makes. Emits {Upgraded}.
    function upgrade(address proxy, address implementation, bytes calldata data) external;

    /// @notice Puts the previous code back at once. GUARDIAN role, no delay.
    /// @dev Runs no code of either implementation. Errors: {UnknownProxy},
    /// {NothingToRollBack}, {RollbackWindowOver}, {CodehashChanged}. Emits
    /// {RolledBack}.
    function rollback(address proxy) external;

    /// @notice Where a proxy stands. All zero for an unknown proxy.
    function proxyRecord(address proxy) external view returns (ProxyRecord memory);

    /// @notice Seconds after an upgrade within which it can be rolled back: before `upgradedAt + rollbackWindow`.
    function rollbackWindow() external view returns (uint32);
}
