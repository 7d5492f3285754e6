// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PaymentLib} from "../../contracts/libraries/PaymentLib.sol";
import {PaymentState, PaymentStatus} from "../../contracts/types/PaymentTypes.sol";

/// @notice What {PaymentLib} writes by hand, the compiler reads back: the part of it that no solver could prove.
contract PaymentLibTest {
    using PaymentLib for PaymentState;

    PaymentState private before;
    PaymentState private slot;
    PaymentState private behind;

    function testFuzz_SaveKeepsEveryField(
        uint8 status,
        uint8 flags,
        uint32 disputedAt,
        uint104 held,
        uint104 released
    ) external {
        PaymentStatus known = PaymentStatus(status % (uint8(type(PaymentStatus).max) + 1));

        slot.save(PaymentState(known, flags, disputedAt, held, released));

        assert(slot.status == known);
        assert(slot.flags == flags);
        assert(slot.disputedAt == disputedAt);
        assert(slot.held == held);
        assert(slot.released == released);
        assert(before.pack() == 0 && behind.pack() == 0);
    }

    function testFuzz_TakingLosesNothing(
        uint104 held,
        uint256 toSeller,
        uint256 toBuyer,
        uint16 feeBps
    ) external pure {
        toSeller = toSeller % (uint256(held) + 1);
        toBuyer = toBuyer % (held - toSeller + 1);
        PaymentState memory state = PaymentState(PaymentStatus.Disputed, 3, 1, held, 0);

        uint256 fee = state.takeForSeller(toSeller, feeBps % (PaymentLib.MAX_FEE_BPS + 1));
        state.takeForBuyer(toBuyer);
        state.closeIfEmpty();

        assert(fee <= toSeller);
        assert(state.released == toSeller);
        assert(state.held + state.released + toBuyer == held);
        assert((state.status == PaymentStatus.Closed) == (toSeller + toBuyer == held));
    }

    function testFuzz_SaveReplacesWhatWasThere(uint104 held, uint104 released) external {
        slot.save(
            PaymentState(
                PaymentStatus.Closed,
                type(uint8).max,
                type(uint32).max,
                type(uint104).max,
                type(uint104).max
            )
        );

        slot.save(PaymentState(PaymentStatus.Funded, 0, 0, held, released));

        assert(slot.status == PaymentStatus.Funded && slot.flags == 0 && slot.disputedAt == 0);
        assert(slot.held == held && slot.released == released);
    }
}
