// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that is honest until somebody turns it; anybody may mint and turn it
/// @dev Those that derive from it say what it does when it has turned, one vice each.
abstract contract TurnableToken is ERC20 {
    bool public turned;

    constructor() ERC20("Turnable", "TURN") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function turn(bool turned_) external {
        turned = turned_;
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
    ) external virtual {
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
}
