// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Artifacts} from "../Artifacts.sol";
import {Store} from "./Store.sol";
import {Suite} from "./Suite.sol";
import {Handler} from "./handlers/Handler.sol";

/// @title Everybody who acts
contract Cast {
    Handler[] private _handlers;

    constructor(Suite suite, Store store) {
        string[11] memory names = [
            "DepositHandler",
            "PartyHandler",
            "OperatorHandler",
            "ArbiterHandler",
            "ComplianceHandler",
            "IssuerHandler",
            "GuardianHandler",
            "TimeHandler",
            "UpgradeHandler",
            "EscapeHandler",
            "IntruderHandler"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            _handlers.push(Handler(Artifacts.deploy(names[i], abi.encode(suite, store))));
        }
    }

    function handlers() external view returns (Handler[] memory) {
        return _handlers;
    }
}
