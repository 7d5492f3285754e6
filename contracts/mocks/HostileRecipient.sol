// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A recipient of the native coin that misbehaves in every way we know of; obeys anybody
contract HostileRecipient {
    enum Mode {
        Accepts,
        Reverts,
        BurnsGas,
        ReturnBomb,
        RevertBomb,
        NeedsGas,
        CallsBack
    }

    error NotWelcome();

    /// @notice Gas that `NeedsGas` uses up, out of the 300,000 that the escrow grants a push.
    uint256 public constant APPETITE = 297_000;

    Mode public mode;
    address public callTarget;
    bytes public callData;
    /// @notice What the last call back returned or reverted with.
    bytes public callResult;

    // solhint-disable-next-line no-complex-fallback
    receive() external payable {
        if (mode == Mode.Reverts) revert NotWelcome();
        // solhint-disable-next-line avoid-low-level-calls
        if (mode == Mode.CallsBack) (, callResult) = callTarget.call(callData);
        if (mode == Mode.NeedsGas) _use(APPETITE);
        assembly {
            switch sload(mode.slot)
            case 2 {
                invalid()
            }
            case 3 {
                return(0, 300000)
            }
            case 4 {
                revert(0, 200000)
            }
        }
    }

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    /// @notice From now on, calls `target` with `data` whenever it is paid.
    function callBack(address target, bytes calldata data) external {
        (mode, callTarget, callData) = (Mode.CallsBack, target, data);
    }

    /// @notice Calls `target` with the value sent.
    function execute(address target, bytes calldata data) external payable {
        (bool success, bytes memory result) = target.call{value: msg.value}(data);
        if (success) return;
        assembly {
            revert(add(result, 0x20), mload(result))
        }
    }

    function _use(uint256 amount) private view {
        uint256 until = gasleft() - amount;
        while (gasleft() > until) {}
    }
}
