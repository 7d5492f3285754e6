// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What every implementation behind a proxy must answer before it may stay there
interface ISelfTest {
    /// @notice Checks that the code works on the storage it was put on. Reverts if it does not.
    /// @dev Called through the proxy by {IUpgradeController-upgrade}, in the same transaction. Which errors it reverts with
    /// is the implementation's own affair; the controller carries them in {IUpgradeController-SelfTestFailed}.
    /// @return magic `ISelfTest.selfTest.selector`, so that a fallback that accepts everything does not pass.
    function selfTest() external view returns (bytes4 magic);

    /// @notice Semantic version of the implementation, e.g. "1.0.0".
    function version() external pure returns (string memory);
}
