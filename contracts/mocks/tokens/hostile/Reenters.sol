// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TurnableToken} from "./TurnableToken.sol";

/// @title Calls somebody itself in the middle of every transfer and permit
contract Reenters is TurnableToken {
    address private _target;
    bytes private _data;

    /// @notice What the last call returned or reverted with.
    bytes public callResult;

    /// @notice From now on calls `target` with `data`.
    function callBack(address target, bytes calldata data) external {
        (turned, _target, _data) = (true, target, data);
    }

    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256,
        uint8,
        bytes32,
        bytes32
    ) external override {
        _callBack();
        _approve(owner, spender, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        _callBack();
        super._update(from, to, value);
    }

    function _callBack() private {
        // solhint-disable-next-line avoid-low-level-calls
        if (turned) (, callResult) = _target.call(_data);
    }
}
