// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Payment, PaymentState, PaymentStatus} from "../../../../contracts/types/PaymentTypes.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {Handler} from "./Handler.sol";

/// @title Arbiters who rule in time
contract ArbiterHandler is Handler {
    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function resolve(uint256 seed) external {
        (bytes32 id, Payment memory payment, PaymentState memory state) = _find(seed, PaymentStatus.Disputed);
        if (id == 0 || block.timestamp >= escrow.claimableAt(payment)) return;

        uint256 toSeller = _draw(seed, 1) % (uint256(state.held) + 1);
        uint256 toBuyer = state.held - toSeller;
        address arbiter = payment.arbiter == address(0) ? Officers.ARBITER : payment.arbiter;
        store.decided(id, toSeller, toBuyer);
        _move(arbiter, id, payment, abi.encodeCall(escrow.resolve, (payment, toSeller, toBuyer, 0)));
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](1);
        list[0] = this.resolve.selector;
    }
}
