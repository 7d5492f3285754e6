// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../../../../contracts/interfaces/IComplianceRegistry.sol";
import {MockSanctionsOracle} from "../../../../contracts/mocks/MockSanctionsOracle.sol";
import {
    Attestation,
    ComplianceRecord,
    ComplianceUpdate,
    ListMode,
    Policy,
    Standing
} from "../../../../contracts/types/ComplianceTypes.sol";
import {VM} from "../../Vm.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {Eip712} from "./Eip712.sol";
import {Handler} from "./Handler.sol";

/// @title Compliance officers, attesters and the sanctions oracle they listen to
contract ComplianceHandler is Handler {
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(address account,uint8 riskScore,uint8 tier,uint16 jurisdiction,uint64 expiry,bytes32 attestationHash,uint64 revision,uint64 validUntil)"
    );

    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function hold(uint256 seed) external {
        bytes32 id = _findByHold(seed, false);
        if (id == 0) return;

        VM.prank(Officers.COMPLIANCE);
        escrow.hold(id, "");
        store.succeeded(msg.sig);
    }

    function unhold(uint256 seed) external {
        bytes32 id = _findByHold(seed, true);
        if (id == 0) return;

        VM.prank(Officers.COMPLIANCE);
        escrow.unhold(id, "");
        store.succeeded(msg.sig);
    }

    function setRecord(uint256 seed) external {
        ComplianceUpdate[] memory updates = new ComplianceUpdate[](1);
        updates[0].account = _account(seed);
        uint256 kind = _draw(seed, 1) % 4;
        if (kind != 0) {
            updates[0].standing = kind == 1 ? Standing.Blocked : Standing.Cleared;
            updates[0].riskScore = uint8(_draw(seed, 2) % 80);
            updates[0].expiry = _expiry(seed);
        }
        IComplianceRegistry registry = suite.registry();
        VM.prank(Officers.COMPLIANCE);
        registry.setRecords(updates);
        store.succeeded(msg.sig);
    }

    function submitAttestation(uint256 seed) external {
        address account = _account(seed);
        ComplianceRecord memory record = suite.registry().recordOf(account);
        if (record.standing == Standing.Blocked) return;

        Attestation memory attestation = Attestation({
            account: account,
            riskScore: 0,
            tier: 1,
            jurisdiction: 0,
            expiry: _expiry(seed),
            attestationHash: 0,
            revision: record.revision,
            validUntil: uint64(block.timestamp + 1)
        });
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(
            Officers.ATTESTER_KEY,
            Eip712.digest(address(suite.registry()), keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation)))
        );
        escrow.submitAttestation(attestation, VM.addr(Officers.ATTESTER_KEY), abi.encodePacked(r, s, v));
        assert(suite.registry().recordOf(account).standing == Standing.Cleared);
        store.succeeded(msg.sig);
    }

    function setPolicy(uint256 seed) external {
        Policy memory policy = Policy({
            enforced: _draw(seed, 0) % 4 != 0,
            listMode: _draw(seed, 1) % 4 == 0 ? ListMode.Allow : ListMode.Deny,
            maxRiskScore: uint8(40 + (_draw(seed, 2) % 40)),
            sanctionsOracle: _draw(seed, 3) % 2 == 0 ? address(0) : address(suite.oracle())
        });
        bytes memory data = abi.encodeCall(suite.registry().setPolicy, (policy));
        _actDelayed(Officers.CONFIGURATOR, Officers.CONFIGURATOR_DELAY, address(suite.registry()), data);
        store.succeeded(msg.sig);
    }

    function sanction(uint256 seed) external {
        suite.oracle().setSanctioned(_account(seed), _draw(seed, 1) % 3 == 0);
        store.succeeded(msg.sig);
    }

    /// @dev The oracle breaks one time in eight, and works again at the next other turn.
    function breakOracle(uint256 seed) external {
        uint256 kind = _draw(seed, 0) % 8 == 0 ? _draw(seed, 1) % 8 : 0;
        suite.oracle().setMode(MockSanctionsOracle.Mode(kind));
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](7);
        list[0] = this.hold.selector;
        list[1] = this.unhold.selector;
        list[2] = this.setRecord.selector;
        list[3] = this.submitAttestation.selector;
        list[4] = this.setPolicy.selector;
        list[5] = this.sanction.selector;
        list[6] = this.breakOracle.selector;
    }

    /// @dev An open payment that is, or is not, on hold; 0 if there is none.
    function _findByHold(uint256 seed, bool onHold) private view returns (bytes32) {
        bytes32[] memory open = store.open();
        for (uint256 i = 0; i < open.length; ++i) {
            bytes32 id = open[addmod(seed, i, open.length)];
            if (_isOnHold(escrow.paymentState(id)) == onHold) return id;
        }
        return 0;
    }

    /// @dev A party or a fee recipient.
    function _account(uint256 seed) private view returns (address) {
        address[] memory parties = suite.parties();
        uint256 n = _draw(seed, 10) % (parties.length + 1);
        return n < parties.length ? parties[n] : suite.feeRecipients()[_draw(seed, 11) % 2];
    }

    function _expiry(uint256 seed) private view returns (uint64) {
        return _draw(seed, 12) % 2 == 0 ? 0 : uint64(block.timestamp + 1 + (_draw(seed, 13) % 90 days));
    }
}
