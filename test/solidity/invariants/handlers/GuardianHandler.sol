// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../../contracts/interfaces/IEscrow.sol";
import {DEPOSITS, EXITS} from "../../../../contracts/types/PauseTypes.sol";
import {VM} from "../../Vm.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {Handler} from "./Handler.sol";

/// @title Guardians who pause as often and as long as they are let, the admin who extends, the unpauser who lifts
contract GuardianHandler is Handler {
    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function pauseDepositsOrPayouts(uint256 seed) external {
        uint8 bits = uint8(1 + (_draw(seed, 0) % 3));
        uint32 duration = uint32(1 + (_draw(seed, 1) % 1 days));
        VM.prank(Officers.GUARDIAN);
        escrow.pause(bits, duration, "");
        _book(bits, block.timestamp + duration);
        store.succeeded(msg.sig);
    }

    /// @dev Also asks for what it must not get: the pauses granted are judged by rule 6.
    function pauseExits(uint256 seed) external {
        uint8 bits = EXITS | uint8(_draw(seed, 0) % 4);
        uint32 duration = uint32(1 + (_draw(seed, 1) % 8 days));
        VM.prank(Officers.GUARDIAN);
        try escrow.pause(bits, duration, "") {
            _book(bits, block.timestamp + duration);
            store.exitsPaused(block.timestamp, block.timestamp + duration);
            store.succeeded(msg.sig);
        } catch (bytes memory reason) {
            require(bytes4(reason) == IEscrow.InvalidPauseDuration.selector, string(reason));
        }
    }

    function extendPause(uint256 seed) external {
        uint8 bits = uint8(1 + (_draw(seed, 0) % 7));
        uint32 duration = uint32(1 + (_draw(seed, 1) % 4 days));
        bytes memory data = abi.encodeCall(escrow.extendPause, (bits, duration, ""));
        _actDelayed(Officers.CONFIGURATOR, Officers.CONFIGURATOR_DELAY, address(escrow), data);
        _book(bits, VM.getBlockTimestamp() + duration);
        store.succeeded(msg.sig);
    }

    function unpause(uint256 seed) external {
        uint8 bits = uint8(1 + (_draw(seed, 0) % 7));
        bytes memory data = abi.encodeCall(escrow.unpause, (bits));
        _actDelayed(Officers.UNPAUSER, Officers.UNPAUSER_DELAY, address(escrow), data);
        uint256 now_ = VM.getBlockTimestamp();
        for (uint8 bit = DEPOSITS; bit <= EXITS; bit <<= 1) {
            if (bits & bit != 0) store.unpaused(bit, now_);
        }
        if (bits & EXITS != 0) store.exitsUnpaused(now_);
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](4);
        list[0] = this.pauseDepositsOrPayouts.selector;
        list[1] = this.pauseExits.selector;
        list[2] = this.extendPause.selector;
        list[3] = this.unpause.selector;
    }

    function _book(uint8 bits, uint256 until) private {
        for (uint8 bit = DEPOSITS; bit <= EXITS; bit <<= 1) {
            if (bits & bit != 0) store.paused(bit, until);
        }
    }
}
