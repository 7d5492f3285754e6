// SPDX-License-Identifier: MIT
// What a proof assumes is a plain `require`, and its statements belong together.
// solhint-disable one-contract-per-file, reason-string, gas-custom-errors
pragma solidity 0.8.37;

import {PaymentLib} from "../../../contracts/libraries/PaymentLib.sol";
import {PaymentState, PaymentStatus} from "../../../contracts/types/PaymentTypes.sol";

/*
 * What `npm run prove` asks an SMT solver to prove of the functions that the escrow runs, for every input at once. Each
 * function here is one statement; its notice is what the report says.
 */

contract FeeProofs {
    /// @notice A fee is at most a tenth of what is released.
    function feeIsAtMostATenth(uint104 released, uint256 feeBps) external pure {
        require(feeBps <= PaymentLib.MAX_FEE_BPS);
        assert(PaymentLib.feeOn(released, feeBps) <= released / 10);
    }

    /// @notice Releasing more never makes the fee smaller.
    function feeIsMonotone(uint104 less, uint104 more, uint256 feeBps) external pure {
        require(feeBps <= PaymentLib.MAX_FEE_BPS && less <= more);
        assert(PaymentLib.feeOn(less, feeBps) <= PaymentLib.feeOn(more, feeBps));
    }

    /// @notice The fee on nothing is nothing.
    function feeOnNothingIsNothing(uint256 feeBps) external pure {
        require(feeBps <= PaymentLib.MAX_FEE_BPS);
        assert(PaymentLib.feeOn(0, feeBps) == 0);
    }

    /// @notice If the fees charged so far are the fee on what was released so far, they still are after one more piece.
    /// @dev With {feeOnNothingIsNothing} an induction: in whatever pieces, the fees sum to the fee on the whole.
    function piecesSumToTheWhole(
        uint104 released,
        uint104 piece,
        uint256 feeBps,
        uint256 charged
    ) external pure {
        require(feeBps <= PaymentLib.MAX_FEE_BPS && charged == PaymentLib.feeOn(released, feeBps));
        uint256 total = uint256(released) + piece;
        uint256 fee = PaymentLib.feeOn(total, feeBps) - PaymentLib.feeOn(released, feeBps);
        assert(charged + fee == PaymentLib.feeOn(total, feeBps));
    }

    /// @notice The fee on a piece is never more than the piece, so what is left for the seller never underflows.
    function feeIsPartOfItsPiece(uint104 released, uint104 piece, uint256 feeBps) external pure {
        require(feeBps <= PaymentLib.MAX_FEE_BPS);
        uint256 total = uint256(released) + piece;
        assert(PaymentLib.feeOn(total, feeBps) - PaymentLib.feeOn(released, feeBps) <= piece);
    }
}

contract SplitProofs {
    /// @notice A split that is accepted sums to what is held.
    function acceptedSplitSums(uint256 sellerAmount, uint256 buyerAmount, uint104 held) external pure {
        require(PaymentLib.isSplit(sellerAmount, buyerAmount, held));
        assert(sellerAmount <= held && buyerAmount <= held && sellerAmount + buyerAmount == held);
    }

    /// @notice A part that is accepted is not zero and leaves nothing negative.
    function acceptedPartFits(uint256 amount, uint104 held) external pure {
        require(PaymentLib.isPart(amount, held));
        assert(amount > 0 && amount <= held);
    }

    /// @notice Whatever is accepted fits the type that it is stored in.
    function acceptedAmountsFitTheirType(
        uint256 sellerAmount,
        uint256 buyerAmount,
        uint104 held
    ) external pure {
        require(PaymentLib.isSplit(sellerAmount, buyerAmount, held));
        assert(sellerAmount <= type(uint104).max && buyerAmount <= type(uint104).max);
    }
}

contract LayoutProofs {
    /// @notice The stored word gives every field back.
    function wordGivesEveryFieldBack(
        uint8 flags,
        uint32 disputedAt,
        uint104 held,
        uint104 released
    ) external pure {
        uint256 word = PaymentLib.pack(
            PaymentState(PaymentStatus.Disputed, flags, disputedAt, held, released)
        );
        assert(
            uint8(word) == uint8(PaymentStatus.Disputed) &&
                uint8(word >> 8) == flags &&
                uint32(word >> 16) == disputedAt &&
                uint104(word >> 48) == held &&
                uint104(word >> 152) == released
        );
    }
}
