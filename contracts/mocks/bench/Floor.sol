// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The least that an escrow of one payment a slot could do: no checks, no terms, no proxy
/// @dev Unsafe on purpose: it measures what any escrow has to pay for. A paid slot keeps a mark, because a payment that
/// could be funded twice would be no payment.
contract Floor {
    uint256 private constant PAID = type(uint256).max;

    IERC20 private immutable token;
    mapping(bytes32 paymentId => uint256) private held;

    event Funded(bytes32 indexed paymentId, uint256 amount);
    event Paid(bytes32 indexed paymentId, uint256 amount);

    constructor(IERC20 token_) {
        token = token_;
    }

    function fund(bytes32 paymentId, uint256 amount) external {
        held[paymentId] = amount;
        emit Funded(paymentId, amount);
        token.transferFrom(msg.sender, address(this), amount);
    }

    function pay(bytes32 paymentId, address seller) external {
        uint256 amount = held[paymentId];
        held[paymentId] = PAID;
        emit Paid(paymentId, amount);
        token.transfer(seller, amount);
    }
}
