// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

import {ComplianceRegistry} from "../../contracts/ComplianceRegistry.sol";
import {Escrow} from "../../contracts/Escrow.sol";
import {IPermit2} from "../../contracts/interfaces/external/IPermit2.sol";
import {MockSanctionsOracle} from "../../contracts/mocks/MockSanctionsOracle.sol";
import {
    ComplianceReason,
    ComplianceRecord,
    ComplianceUpdate,
    ListMode,
    Policy,
    Standing
} from "../../contracts/types/ComplianceTypes.sol";
import {VM} from "./Vm.sol";

/// @notice For any record, policy and time, the registry answers as a plain model of the rules does.
contract ComplianceRegistryTest {
    /// @dev What the fuzzer chooses. Times are drawn from a few seconds, scores from a few points, so that boundaries
    /// are met often; each is reduced to its range in {_set}.
    struct Situation {
        uint8 standing;
        uint8 riskScore;
        uint8 expiresIn;
        uint8 askedAfter;
        bool allowList;
        bool enforced;
        uint8 maxRiskScore;
        bool oracleSet;
        bool oracleDown;
        bool sanctioned;
    }

    uint256 private constant NOW = 1_800_000_000;
    bytes32 private constant CONTROLS =
        keccak256(abi.encode(uint256(keccak256("holdfast.storage.Controls")) - 1)) & ~bytes32(uint256(0xff));

    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);

    ComplianceRegistry private registry;
    Escrow private escrow;
    MockSanctionsOracle private oracle;

    function setUp() external {
        VM.warp(NOW);
        oracle = new MockSanctionsOracle();
        address authority = address(new AccessManager(address(this)));
        registry = ComplianceRegistry(
            _proxy(
                address(new ComplianceRegistry()),
                abi.encodeCall(ComplianceRegistry.initialize, (authority))
            )
        );
        // Nothing is paid here, so anything with code serves as Permit2.
        Escrow implementation = new Escrow(registry, IPermit2(authority));
        escrow = Escrow(_proxy(address(implementation), abi.encodeCall(Escrow.initialize, (authority))));
        registry.setEscrow(address(escrow));
        registry.setPolicy(Policy(true, ListMode.Deny, type(uint8).max, address(0)));
    }

    function testFuzz_answersAsTheModel(Situation calldata situation) external {
        Policy memory policy = _set(situation);

        ComplianceReason expected = _model(registry.recordOf(ALICE), policy, situation);
        (ComplianceReason reason, bool enforced) = registry.screen(ALICE);
        assert(reason == expected);
        assert(enforced == situation.enforced);
    }

    function testFuzz_escrowAndRegistryAnswerTheSame(Situation calldata situation) external {
        _set(situation);

        assert(_same(abi.encodeCall(registry.screen, (ALICE))));
        assert(_same(abi.encodeCall(registry.recordOf, (ALICE))));
        assert(_same(abi.encodeCall(registry.policy, ())));
    }

    function testFuzz_isCompliantAgreesWithScreen(Situation calldata situation) external {
        _set(situation);

        (ComplianceReason reason, ) = registry.screen(ALICE);
        assert(registry.isCompliant(ALICE) == (reason == ComplianceReason.None));
    }

    function testFuzz_checkNamesTheFirstThatScreenFinds(Situation calldata situation) external {
        _set(situation);
        (ComplianceReason ofAlice, ) = registry.screen(ALICE);
        (ComplianceReason ofBob, ) = registry.screen(BOB);

        _assertCheck(ALICE, BOB, ofAlice, ofBob, situation.enforced);
        _assertCheck(BOB, ALICE, ofBob, ofAlice, situation.enforced);
    }

    function testFuzz_recordKeepsEveryFieldInOneSlot(
        bool blocked,
        uint8 riskScore,
        uint8 tier,
        uint16 jurisdiction,
        uint64 expiry,
        bytes32 attestationHash,
        uint8 writes
    ) external {
        Standing standing = blocked ? Standing.Blocked : Standing.Cleared;
        if (!blocked && expiry <= NOW) expiry = 0;
        uint64 revision = 1 + (writes % 3);
        for (uint256 i = 0; i < revision; ++i) {
            _setRecord(
                ComplianceUpdate(ALICE, standing, riskScore, tier, jurisdiction, expiry, attestationHash)
            );
        }

        ComplianceRecord memory record = registry.recordOf(ALICE);
        assert(record.standing == standing);
        assert(record.riskScore == riskScore);
        assert(record.tier == tier);
        assert(record.jurisdiction == jurisdiction);
        assert(record.expiry == expiry);
        assert(record.revision == revision);
        assert(registry.attestationHashOf(ALICE) == attestationHash);
        assert(
            _slotOf(ALICE) ==
                bytes32(
                    abi.encodePacked(bytes11(0), revision, expiry, jurisdiction, tier, riskScore, standing)
                )
        );
    }

    function testFuzz_recordLeavesOthersAlone(address other, uint8 riskScore) external {
        if (other == ALICE) other = BOB;
        _setRecord(ComplianceUpdate(ALICE, Standing.Blocked, riskScore, 1, 2, 3, bytes32(uint256(4))));

        assert(_slotOf(other) == 0);
        assert(registry.attestationHashOf(other) == 0);
    }

    function testFuzz_policyKeepsEveryFieldBesideThePauses(
        bool enforced,
        bool allowList,
        uint8 maxRiskScore,
        bool oracleSet
    ) external {
        ListMode listMode = allowList ? ListMode.Allow : ListMode.Deny;
        address sanctionsOracle = oracleSet ? address(oracle) : address(0);
        registry.setPolicy(Policy(enforced, listMode, maxRiskScore, sanctionsOracle));

        Policy memory policy = registry.policy();
        assert(policy.enforced == enforced);
        assert(policy.listMode == listMode);
        assert(policy.maxRiskScore == maxRiskScore);
        assert(policy.sanctionsOracle == sanctionsOracle);
        assert(
            VM.load(address(escrow), CONTROLS) ==
                bytes32(
                    abi.encodePacked(bytes8(0), oracleSet, maxRiskScore, allowList, !enforced, bytes20(0))
                )
        );
    }

    function testFuzz_pausesAndPolicyLeaveEachOtherAlone(
        Situation calldata situation,
        uint8 bits,
        uint32 duration,
        bool policyFirst
    ) external {
        bits = 1 + (bits % 7);
        duration = 1 + (duration % 7 days);
        Policy memory policy = _policyOf(situation);

        if (policyFirst) registry.setPolicy(policy);
        escrow.pause(bits, duration, "");
        if (!policyFirst) registry.setPolicy(policy);
        for (uint8 bit = 1; bit <= 4; bit <<= 1) {
            assert(escrow.pausedUntil(bit) == (bits & bit == 0 ? 0 : NOW + duration));
        }
        _assertPolicy(policy);

        escrow.unpause(bits);
        assert(escrow.paused() == 0);
        _assertPolicy(policy);
    }

    /// @dev The rules, told once more: from the weakest finding to the strongest, each overruling those before.
    function _model(
        ComplianceRecord memory record,
        Policy memory policy,
        Situation memory situation
    ) private view returns (ComplianceReason reason) {
        if (situation.oracleSet) {
            if (situation.sanctioned) reason = ComplianceReason.Sanctioned;
            if (situation.oracleDown) reason = ComplianceReason.OracleUnavailable;
        }
        if (policy.maxRiskScore < record.riskScore) reason = ComplianceReason.RiskTooHigh;
        if (policy.listMode == ListMode.Allow) {
            bool forEver = record.expiry == 0;
            if (!forEver && record.expiry <= block.timestamp) reason = ComplianceReason.Expired;
            if (record.standing == Standing.Unlisted) reason = ComplianceReason.NotListed;
        }
        if (record.standing == Standing.Blocked) reason = ComplianceReason.Blocked;
    }

    /// @dev Puts ALICE and the policy into `situation` and lets its time pass. BOB stays without a record.
    function _set(Situation memory situation) private returns (Policy memory policy) {
        Standing standing = Standing(situation.standing % 3);
        uint64 expiry = situation.expiresIn % 4 == 0 ? 0 : uint64(NOW + (situation.expiresIn % 4));
        if (standing != Standing.Unlisted) {
            _setRecord(ComplianceUpdate(ALICE, standing, situation.riskScore % 4, 0, 0, expiry, 0));
        }

        policy = _policyOf(situation);
        registry.setPolicy(policy);
        oracle.setSanctioned(ALICE, situation.sanctioned);
        if (situation.oracleDown) oracle.setMode(MockSanctionsOracle.Mode.Reverts);
        VM.warp(NOW + (situation.askedAfter % 5));
    }

    function _policyOf(Situation memory situation) private view returns (Policy memory) {
        return
            Policy({
                enforced: situation.enforced,
                listMode: situation.allowList ? ListMode.Allow : ListMode.Deny,
                maxRiskScore: situation.maxRiskScore % 4,
                sanctionsOracle: situation.oracleSet ? address(oracle) : address(0)
            });
    }

    function _assertPolicy(Policy memory expected) private view {
        assert(keccak256(abi.encode(registry.policy())) == keccak256(abi.encode(expected)));
    }

    function _setRecord(ComplianceUpdate memory update) private {
        ComplianceUpdate[] memory updates = new ComplianceUpdate[](1);
        updates[0] = update;
        registry.setRecords(updates);
    }

    function _assertCheck(
        address buyer,
        address seller,
        ComplianceReason ofBuyer,
        ComplianceReason ofSeller,
        bool expectedEnforced
    ) private view {
        (ComplianceReason reason, address account, bool enforced) = registry.check(
            buyer,
            seller,
            address(0),
            1
        );
        assert(enforced == expectedEnforced);
        if (ofBuyer != ComplianceReason.None) {
            assert(reason == ofBuyer && account == buyer);
        } else if (ofSeller != ComplianceReason.None) {
            assert(reason == ofSeller && account == seller);
        } else {
            assert(reason == ComplianceReason.None && account == address(0));
        }
    }

    /// @dev Both are asked the same question in the same bytes.
    function _same(bytes memory question) private view returns (bool) {
        (bool told, bytes memory answer) = address(registry).staticcall(question);
        (bool known, bytes memory fact) = address(escrow).staticcall(question);
        return told && known && keccak256(answer) == keccak256(fact);
    }

    function _proxy(address implementation, bytes memory initialize) private returns (address) {
        return address(new TransparentUpgradeableProxy(implementation, address(this), initialize));
    }

    function _slotOf(address account) private view returns (bytes32) {
        return VM.load(address(escrow), keccak256(abi.encode(account, uint256(CONTROLS) + 2)));
    }
}
