// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {Artifacts} from "../Artifacts.sol";
import {Cast} from "./Cast.sol";
import {Rules} from "./Rules.sol";
import {Store} from "./Store.sol";
import {Suite} from "./Suite.sol";
import {Handler} from "./handlers/Handler.sol";

/// @title What the six campaigns share
/// @dev EDR runs one campaign an `invariant_` function and gives all the same seed; a contract each, with a salt each,
/// makes them six different ones. Each checks its rule after every call, on the payments that are open. At the end of a
/// run each checks all six rules on all payments, and that every function of every handler succeeded at least once.
abstract contract Campaign {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Rules internal rules;
    Store internal store;
    Cast private cast;

    error NeverSucceeded(address handler, bytes4 selector);

    function setUp() external {
        Suite suite = Suite(Artifacts.deploy("Suite", ""));
        store = Store(Artifacts.deploy("Store", abi.encode(keccak256(address(this).code))));
        cast = Cast(Artifacts.deploy("Cast", abi.encode(suite, store)));
        rules = Rules(Artifacts.deploy("Rules", abi.encode(suite, store)));
    }

    function afterInvariant() external view {
        bytes32[] memory ids = store.ids();
        rules.solvency();
        rules.conservation(ids);
        rules.noDeadlock();
        rules.decision(ids);
        rules.disinterest();
        rules.fee(ids);
        rules.pauseEnds();

        Handler[] memory handlers = cast.handlers();
        for (uint256 i = 0; i < handlers.length; ++i) {
            bytes4[] memory selectors = handlers[i].selectors();
            for (uint256 j = 0; j < selectors.length; ++j) {
                if (store.successes(address(handlers[i]), selectors[j]) == 0) {
                    revert NeverSucceeded(address(handlers[i]), selectors[j]);
                }
            }
        }
    }

    function targetContracts() external view returns (address[] memory targets) {
        Handler[] memory handlers = cast.handlers();
        targets = new address[](handlers.length);
        for (uint256 i = 0; i < handlers.length; ++i) targets[i] = address(handlers[i]);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        Handler[] memory handlers = cast.handlers();
        targets = new FuzzSelector[](handlers.length);
        for (uint256 i = 0; i < handlers.length; ++i) {
            targets[i] = FuzzSelector(address(handlers[i]), handlers[i].selectors());
        }
    }
}

contract SolvencyTest is Campaign {
    function invariant_balanceCoversWhatIsHeldAndOwed() external view {
        rules.solvency();
    }
}

contract ConservationTest is Campaign {
    function invariant_heldReleasedAndRefundedAreTheAmount() external view {
        rules.conservation(store.open());
    }
}

contract NoDeadlockTest is Campaign {
    function invariant_whoeverIsLeftAloneEmptiesEveryPayment() external view {
        rules.noDeadlock();
    }
}

contract DecisionTest is Campaign {
    function invariant_onlyTheEntitledDecideWhereMoneyGoes() external view {
        rules.decision(store.open());
    }
}

contract FeeTest is Campaign {
    function invariant_feeIsWhatWasSignedHoweverItIsSplit() external view {
        rules.fee(store.open());
    }
}

contract PauseTest is Campaign {
    function invariant_pausesEndByThemselves() external view {
        rules.pauseEnds();
    }
}
