// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "../../Vm.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {Handler} from "./Handler.sol";

/// @title Time, which passes, and stops where things change
contract TimeHandler is Handler {
    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function pass(uint256 seed) external {
        VM.warp(block.timestamp + 1 + (_draw(seed, 0) % 6 hours));
        store.succeeded(msg.sig);
    }

    /// @dev To the last second before the next payment can be claimed, or to the first in which it can, if that is soon.
    function passToDeadline(uint256 seed) external {
        bytes32[] memory open = store.open();
        uint256 latest = block.timestamp + 14 days;
        uint256 next = latest;
        for (uint256 i = 0; i < open.length; ++i) {
            uint256 target = escrow.claimableAt(store.paymentOf(open[i])) - (_draw(seed, 0) % 2);
            if (target > block.timestamp && target < next) next = target;
        }
        if (next == latest) return;
        VM.warp(next);
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](2);
        list[0] = this.pass.selector;
        list[1] = this.passToDeadline.selector;
    }
}
