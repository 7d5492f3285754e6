// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheatcodes that the tests use.
interface IVm {
    function addr(uint256 privateKey) external pure returns (address);

    function deal(address account, uint256 balance) external;

    /// @dev To be asked after a {warp} in the same function: the optimizer takes `block.timestamp` for constant.
    function getBlockTimestamp() external view returns (uint256);

    function load(address target, bytes32 slot) external view returns (bytes32);

    /// @dev Creation code of a compiled contract.
    function getCode(string calldata artifact) external view returns (bytes memory);

    function prank(address sender) external;

    function revertToState(uint256 snapshot) external returns (bool);

    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function snapshotState() external returns (uint256 snapshot);

    function warp(uint256 timestamp) external;
}

IVm constant VM = IVm(address(uint160(uint256(keccak256("hevm cheat code")))));
