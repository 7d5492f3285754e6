// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

import {ComplianceRegistry} from "../../../contracts/ComplianceRegistry.sol";
import {Escrow} from "../../../contracts/Escrow.sol";
import {IPermit2} from "../../../contracts/interfaces/external/IPermit2.sol";
import {PlainToken} from "../../../contracts/mocks/tokens/PlainToken.sol";
import {DeadlineAction, Payment, PaymentStatus, TokenConfig} from "../../../contracts/types/PaymentTypes.sol";

/// @dev The cheatcodes used here.
interface IVm {
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gas);
}

/// @notice Gas of the calls that a payment's life consists of, compared with `snapshots/payment.json` on every run. It
/// guards against a change that nobody noticed; what a whole transaction costs is measured by `npm run bench:gas`.
contract PaymentGasTest {
    IVm private constant VM = IVm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string private constant GROUP = "payment";
    uint256 private constant NOW = 1_800_000_000;
    uint256 private constant AMOUNT = 100e6;
    address private constant SELLER = address(0x5e11e7);
    address private constant FEE_RECIPIENT = address(0xfee);

    AccessManager private authority;
    Escrow private escrow;
    PlainToken private token;

    function setUp() external {
        VM.warp(NOW);
        authority = new AccessManager(address(this));
        ComplianceRegistry registry = ComplianceRegistry(_proxy(address(new ComplianceRegistry())));
        token = new PlainToken();
        escrow = Escrow(_proxy(address(new Escrow(registry, IPermit2(address(token))))));
        registry.setEscrow(address(escrow));
        escrow.configureToken(
            address(token),
            TokenConfig({
                enabled: true,
                cap: type(uint104).max,
                approvalThreshold: type(uint128).max,
                outflowLimit: 0,
                outflowWindow: 0
            })
        );
        token.mint(address(this), 100 * AMOUNT);
        token.mint(SELLER, AMOUNT);
        token.mint(FEE_RECIPIENT, AMOUNT);
        token.approve(address(escrow), type(uint256).max);
        escrow.deposit(_terms("an earlier payment", 0));
    }

    function test_Deposit() external {
        Payment memory payment = _terms("deposit", 0);
        escrow.deposit(payment);
        _snapshot("deposit");
        _requireStatus(payment, PaymentStatus.Funded);
    }

    function test_Release() external {
        Payment memory payment = _funded("release", 0);
        escrow.release(payment, AMOUNT);
        _snapshot("release");
        _requireStatus(payment, PaymentStatus.Closed);
    }

    function test_ReleaseWithFee() external {
        Payment memory payment = _funded("release with fee", 100);
        escrow.release(payment, AMOUNT);
        _snapshot("releaseWithFee");
        _requireStatus(payment, PaymentStatus.Closed);
    }

    function test_ReleasePart() external {
        Payment memory payment = _funded("release part", 0);
        escrow.release(payment, AMOUNT / 4);
        _snapshot("releasePart");
        _requireStatus(payment, PaymentStatus.Funded);
    }

    function test_Refund() external {
        Payment memory payment = _funded("refund", 0);
        VM.prank(SELLER);
        escrow.refund(payment, AMOUNT);
        _snapshot("refund");
        _requireStatus(payment, PaymentStatus.Closed);
    }

    function test_Claim() external {
        Payment memory payment = _funded("claim", 0);
        VM.warp(payment.deadline);
        escrow.claim(payment);
        _snapshot("claim");
        _requireStatus(payment, PaymentStatus.Closed);
    }

    function test_OpenDispute() external {
        Payment memory payment = _funded("dispute", 0);
        escrow.openDispute(payment, keccak256("evidence"), "ipfs://evidence");
        _snapshot("openDispute");
        _requireStatus(payment, PaymentStatus.Disputed);
    }

    function _snapshot(string memory name) private {
        VM.snapshotGasLastCall(GROUP, name);
    }

    function _requireStatus(Payment memory payment, PaymentStatus expected) private view {
        assert(escrow.paymentState(escrow.hashPayment(payment)).status == expected);
    }

    function _funded(string memory paymentReference, uint16 feeBps) private returns (Payment memory payment) {
        payment = _terms(paymentReference, feeBps);
        escrow.deposit(payment);
    }

    function _terms(string memory paymentReference, uint16 feeBps) private view returns (Payment memory) {
        return
            Payment({
                buyer: address(this),
                seller: SELLER,
                token: address(token),
                amount: AMOUNT,
                deadline: uint64(NOW + 30 days),
                onDeadline: DeadlineAction.Release,
                arbiter: address(0),
                disputeWindow: 3 days,
                feeBps: feeBps,
                feeRecipient: feeBps == 0 ? address(0) : FEE_RECIPIENT,
                paymentReference: keccak256(bytes(paymentReference))
            });
    }

    function _proxy(address implementation) private returns (address) {
        bytes memory initialize = abi.encodeCall(Escrow.initialize, (address(authority)));
        return address(new TransparentUpgradeableProxy(implementation, address(this), initialize));
    }
}
