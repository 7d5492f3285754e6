// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TurnableToken} from "./TurnableToken.sol";

/// @dev What an ERC-777 token calls before it takes something from an account.
interface IERC777Sender {
    function tokensToSend(
        address operator,
        address from,
        address to,
        uint256 amount,
        bytes calldata userData,
        bytes calldata operatorData
    ) external;
}

/// @dev What an ERC-777 token calls after it has given something to an account.
interface IERC777Recipient {
    function tokensReceived(
        address operator,
        address from,
        address to,
        uint256 amount,
        bytes calldata userData,
        bytes calldata operatorData
    ) external;
}

/// @title Calls sender and recipient during every transfer, as ERC-777 does
/// @dev Accounts register with the token itself instead of the ERC-1820 registry.
contract CallsBack is TurnableToken {
    mapping(address account => bool) public hasHooks;

    function registerHooks(address account) external {
        hasHooks[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (hasHooks[from]) IERC777Sender(from).tokensToSend(_msgSender(), from, to, value, "", "");
        super._update(from, to, value);
        if (hasHooks[to]) IERC777Recipient(to).tokensReceived(_msgSender(), from, to, value, "", "");
    }
}
