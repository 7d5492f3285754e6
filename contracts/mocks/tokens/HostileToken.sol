// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that misbehaves in every way we know of; anybody may mint and change its mode
contract HostileToken is ERC20 {
    enum Mode {
        Honest,
        TakesFee,
        ReturnsFalse,
        MovesNothing,
        ReturnsNumber,
        ReturnBomb,
        BurnsGas,
        GivesUpWhenStarved,
        CallsBack
    }

    /// @notice Gas with which `GivesUpWhenStarved` still transfers, out of the 300,000 that the escrow grants a push.
    uint256 public constant APPETITE = 297_000;

    Mode public mode;
    address public callTarget;
    bytes public callData;
    /// @notice What the last call back returned or reverted with.
    bytes public callResult;

    constructor() ERC20("Hostile", "HOST") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    /// @notice From now on, calls `target` with `data` in the middle of every transfer.
    function callBack(address target, bytes calldata data) external {
        (mode, callTarget, callData) = (Mode.CallsBack, target, data);
    }

    /// @notice Approves without any signature.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256,
        uint8,
        bytes32,
        bytes32
    ) external {
        if (mode == Mode.CallsBack) _callBack();
        _approve(owner, spender, value);
    }

    /// @notice Transfers without any signature.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _transfer(from, to, value);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (mode == Mode.GivesUpWhenStarved && gasleft() < APPETITE) return false;
        if (mode == Mode.BurnsGas) _burn();
        if (mode == Mode.ReturnBomb) _return(1, 300_000);
        if (mode == Mode.ReturnsNumber) _return(2, 32);
        if (mode == Mode.ReturnsFalse) return false;
        return mode == Mode.MovesNothing || super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (mode == Mode.ReturnsFalse) return false;
        return mode == Mode.MovesNothing || super.transferFrom(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (mode == Mode.CallsBack) _callBack();
        super._update(from, to, value);
        if (mode == Mode.TakesFee) super._update(to, address(this), value / 100);
    }

    function _callBack() private {
        // solhint-disable-next-line avoid-low-level-calls
        (, callResult) = callTarget.call(callData);
    }

    function _return(uint256 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }

    function _burn() private pure {
        assembly {
            invalid()
        }
    }
}
