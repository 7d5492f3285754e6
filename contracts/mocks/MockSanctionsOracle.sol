// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISanctionsOracle} from "../interfaces/external/ISanctionsOracle.sol";

/// @title A sanctions list that can misbehave in every way we know of
contract MockSanctionsOracle is ISanctionsOracle {
    enum Mode {
        Normal,
        Reverts,
        ReturnsNothing,
        BurnsGas,
        ReturnBomb,
        LiesWithWord,
        GivesUpWhenStarved,
        AnswersAtTheLastMoment
    }

    error OracleDown();

    /// @notice Gas with which `GivesUpWhenStarved` still looks the account up. The escrow grants 50,000, of which
    /// some hundred are used up when the function body begins.
    uint256 public constant APPETITE = 49_500;

    Mode public mode;
    mapping(address account => bool) private _listed;

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    function setSanctioned(address account, bool listed) external {
        _listed[account] = listed;
    }

    /// @inheritdoc ISanctionsOracle
    function isSanctioned(address account) external view returns (bool) {
        uint256 gasGiven = gasleft();
        Mode current = mode;

        if (current == Mode.Reverts) revert OracleDown();
        if (current == Mode.ReturnsNothing) _return(0, 0);
        if (current == Mode.BurnsGas) _burn();
        if (current == Mode.ReturnBomb) _return(0, 10_000);
        if (current == Mode.LiesWithWord) _return(2, 32);
        // What an oracle does that catches an inner call's failure and answers anyway.
        if (current == Mode.GivesUpWhenStarved && gasGiven < APPETITE) return false;
        if (current == Mode.AnswersAtTheLastMoment) _burnDownTo(3_000);

        return _listed[account];
    }

    function _return(uint256 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }

    function _burnDownTo(uint256 rest) private view {
        uint256 turns;
        while (gasleft() > rest) ++turns;
    }

    function _burn() private pure {
        assembly {
            invalid()
        }
    }
}
