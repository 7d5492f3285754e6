// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";
import {EscrowNext} from "./EscrowNext.sol";

/// @title A next version of the escrow that works, and tells another EIP-712 domain
/// @dev A mistake that comes with every new version number: wallets ask `eip712Domain()`, so what they sign for payments
/// that were made before would count no more, and a payment of the same terms would have another id.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract EscrowRenamed is EscrowNext {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry, IPermit2 permit2) EscrowNext(registry, permit2) {}

    // solhint-disable func-name-mixedcase
    function _EIP712Name() internal pure override returns (string memory) {
        return "Holdfast";
    }

    function _EIP712Version() internal pure override returns (string memory) {
        return "2";
    }
    // solhint-enable func-name-mixedcase
}
