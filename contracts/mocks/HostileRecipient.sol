// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IERC777Recipient, IERC777Sender} from "./tokens/hostile/CallsBack.sol";

/// @title Misbehaves in every way we know of when it is paid, or when its tokens are taken (ERC-777); obeys anybody
contract HostileRecipient is IERC777Sender, IERC777Recipient, IERC1271 {
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

    /// @dev `NeedsGas` reverts if it gets less, out of the 300,000 that the escrow grants a push; or uses most of it, by
    /// touching memory far away: 3 n + n² / 512 gas for n words, in a single instruction.
    uint256 private constant APPETITE = 297_000;
    uint256 private constant FAR_AWAY = 11_300 * 32;

    Mode public mode;
    address public callTarget;
    bytes public callData;
    /// @notice What the last call back returned or reverted with.
    bytes public callResult;

    receive() external payable {
        _misbehave();
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

    function tokensToSend(
        address,
        address,
        address,
        uint256,
        bytes calldata,
        bytes calldata
    ) external override {
        _misbehave();
    }

    function tokensReceived(
        address,
        address,
        address,
        uint256,
        bytes calldata,
        bytes calldata
    ) external override {
        _misbehave();
    }

    /// @inheritdoc IERC1271
    /// @dev Agrees to everything.
    function isValidSignature(bytes32, bytes calldata) external pure override returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }

    function _misbehave() private {
        if (mode == Mode.Reverts) revert NotWelcome();
        if (mode == Mode.NeedsGas && gasleft() < APPETITE) revert NotWelcome();
        // solhint-disable-next-line avoid-low-level-calls
        if (mode == Mode.CallsBack) (, callResult) = callTarget.call(callData);
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
            case 5 {
                mstore(FAR_AWAY, 1)
            }
        }
    }
}
