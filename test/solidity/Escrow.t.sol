// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

import {Escrow} from "../../contracts/Escrow.sol";
import {IComplianceRegistry} from "../../contracts/interfaces/IComplianceRegistry.sol";
import {IPermit2} from "../../contracts/interfaces/external/IPermit2.sol";
import {PaymentLib} from "../../contracts/libraries/PaymentLib.sol";
import {SilentContract} from "../../contracts/mocks/SilentContract.sol";
import {TestUSDC} from "../../contracts/mocks/tokens/TestUSDC.sol";
import {
    FLAG_OPENED_BY_SELLER,
    Payment,
    PaymentState,
    PaymentStatus,
    TokenConfig
} from "../../contracts/types/PaymentTypes.sol";

/// @dev The cheatcodes used here.
interface IVm {
    function load(address target, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
}

/// @notice What must hold for any terms and any amounts.
contract EscrowTest {
    using PaymentLib for Payment;
    using PaymentLib for PaymentState;

    /// @dev {Payment} as the fuzzer can draw it: it does not know how many values an enum has.
    struct AnyPayment {
        address buyer;
        address seller;
        address token;
        uint256 amount;
        uint64 deadline;
        bool onDeadline;
        address arbiter;
        uint32 disputeWindow;
        uint16 feeBps;
        address feeRecipient;
        bytes32 paymentReference;
    }

    IVm private constant VM = IVm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant NOW = 1_800_000_000;
    address private constant BUYER = address(0xb);
    address private constant SELLER = address(0x5);
    address private constant PLATFORM = address(0xf);

    /// @dev The first slot of this contract's storage: see {testFuzz_StateFitsOneSlot}.
    mapping(bytes32 paymentId => PaymentState) private states;

    Escrow private escrow;
    TestUSDC private token;

    function setUp() external {
        VM.warp(NOW);
        AccessManager manager = new AccessManager(address(this));
        // Neither is called: records lie in the escrow, and nothing here goes through Permit2.
        address dependency = address(new SilentContract());
        Escrow implementation = new Escrow(IComplianceRegistry(dependency), IPermit2(dependency));
        bytes memory initialize = abi.encodeCall(Escrow.initialize, (address(manager)));
        escrow = Escrow(
            address(new TransparentUpgradeableProxy(address(implementation), address(this), initialize))
        );
        token = new TestUSDC();
        escrow.configureToken(address(token), TokenConfig(true, type(uint104).max, 0, 0, 0));
        VM.prank(BUYER);
        token.approve(address(escrow), type(uint256).max);
    }

    /// @notice However a payment is cut into releases, the fee is that on the whole, and nothing is lost on the way.
    function testFuzz_FeeIsTheSameInPieces(
        uint104 amount,
        uint16 feeBps,
        uint104[12] calldata pieces
    ) external {
        Payment memory payment = _terms(_atLeastOne(amount), feeBps);
        _deposit(payment);

        uint256 held = payment.amount;
        for (uint256 i = 0; i < pieces.length && held != 0; ++i) {
            uint256 piece = (uint256(pieces[i]) % held) + 1;
            _release(payment, piece);
            held -= piece;
        }
        if (held != 0) _release(payment, held);

        uint256 fee = (payment.amount * payment.feeBps) / 10_000;
        assert(token.balanceOf(PLATFORM) == fee);
        assert(token.balanceOf(SELLER) == payment.amount - fee);
        assert(token.balanceOf(address(escrow)) == 0);
    }

    /// @notice Of dust too, one unit at a time.
    function testFuzz_FeeIsTheSameInDust(uint8 amount, uint16 feeBps) external {
        Payment memory payment = _terms((uint256(amount) % 60) + 1, feeBps);
        _deposit(payment);

        for (uint256 i = 0; i < payment.amount; ++i) _release(payment, 1);

        assert(token.balanceOf(PLATFORM) == (payment.amount * payment.feeBps) / 10_000);
    }

    /// @notice A state is saved in one storage slot, laid out as the compiler reads it.
    function testFuzz_StateFitsOneSlot(
        bytes32 paymentId,
        uint8 status,
        uint8 flags,
        uint32 disputedAt,
        uint104 held,
        uint104 released
    ) external {
        PaymentState memory state = PaymentState(
            PaymentStatus(status % 4),
            flags,
            disputedAt,
            held,
            released
        );
        states[paymentId].save(state);

        uint256 word = uint256(VM.load(address(this), keccak256(abi.encode(paymentId, _statesSlot()))));
        uint256 packed =
            uint256(state.status) |
                (uint256(state.flags) << 8) |
                (uint256(state.disputedAt) << 16) |
                (uint256(state.held) << 48) |
                (uint256(state.released) << 152);
        assert(word == packed);
        assert(keccak256(abi.encode(states[paymentId])) == keccak256(abi.encode(state)));
    }

    /// @notice The paymentId is the EIP-712 digest, computed here word by word from the text of the standard.
    function testFuzz_HashPaymentIsEip712(AnyPayment calldata drawn) external view {
        Payment memory payment = _asPayment(drawn);
        bytes32 typeHash = keccak256(
            "Payment(address buyer,address seller,address token,uint256 amount,uint64 deadline,uint8 onDeadline,address arbiter,uint32 disputeWindow,uint16 feeBps,address feeRecipient,bytes32 paymentReference)"
        );
        bytes memory firstHalf = bytes.concat(
            typeHash,
            _word(payment.buyer),
            _word(payment.seller),
            _word(payment.token),
            bytes32(payment.amount),
            bytes32(uint256(payment.deadline)),
            bytes32(uint256(drawn.onDeadline ? 1 : 0))
        );
        bytes memory secondHalf = bytes.concat(
            _word(payment.arbiter),
            bytes32(uint256(payment.disputeWindow)),
            bytes32(uint256(payment.feeBps)),
            _word(payment.feeRecipient),
            payment.paymentReference
        );
        bytes32 structHash = keccak256(bytes.concat(firstHalf, secondHalf));
        bytes32 digest = keccak256(bytes.concat(hex"1901", _domainSeparator(), structHash));
        assert(escrow.hashPayment(payment) == digest);
    }

    /// @notice A dispute never brings a claim forward, and leaves the arbiter the whole window after the deadline.
    function testFuzz_DisputeNeverBringsClaimForward(
        AnyPayment calldata drawn,
        uint32 disputedAt
    ) external pure {
        Payment memory payment = _asPayment(drawn);
        PaymentState memory disputed;
        (disputed.status, disputed.disputedAt) = (PaymentStatus.Disputed, disputedAt);
        PaymentState memory funded;
        funded.status = PaymentStatus.Funded;

        uint256 claimableAt = payment.claimableAt(disputed);
        assert(claimableAt >= payment.claimableAt(funded) + payment.disputeWindow);
        assert(claimableAt >= uint256(disputedAt) + payment.disputeWindow);
    }

    /// @notice Whom a claim would pay can withdraw a dispute only while the other party has a window left; the other
    /// party at any time.
    function testFuzz_WithdrawableUntil(AnyPayment calldata drawn, bool bySeller) external pure {
        Payment memory payment = _asPayment(drawn);
        if (payment.buyer == payment.seller || payment.deadline < payment.disputeWindow) return;
        PaymentState memory state;
        state.flags = bySeller ? FLAG_OPENED_BY_SELLER : 0;

        bool claimPaysOpener = bySeller ? drawn.onDeadline : !drawn.onDeadline;
        uint256 expected = claimPaysOpener ? payment.deadline - payment.disputeWindow : type(uint256).max;
        assert(payment.withdrawableUntil(state) == expected);
    }

    // ----------------------------------------------------------------------------------------------- arrangement

    function _terms(uint256 amount, uint16 feeBps) private view returns (Payment memory payment) {
        payment.buyer = BUYER;
        payment.seller = SELLER;
        payment.token = address(token);
        payment.amount = amount;
        payment.deadline = uint64(NOW + 1 days);
        payment.disputeWindow = 1 days;
        payment.feeBps = uint16(feeBps % 1_001);
        payment.feeRecipient = payment.feeBps == 0 ? address(0) : PLATFORM;
    }

    function _asPayment(AnyPayment calldata drawn) private pure returns (Payment memory) {
        return abi.decode(abi.encode(drawn), (Payment));
    }

    function _atLeastOne(uint104 amount) private pure returns (uint256) {
        return amount == 0 ? 1 : amount;
    }

    function _deposit(Payment memory payment) private {
        token.mint(BUYER, payment.amount);
        VM.prank(BUYER);
        escrow.deposit(payment);
    }

    function _release(Payment memory payment, uint256 amount) private {
        VM.prank(BUYER);
        escrow.release(payment, amount);
    }

    function _domainSeparator() private view returns (bytes32) {
        return
            keccak256(
                bytes.concat(
                    keccak256(
                        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                    ),
                    keccak256("Holdfast Escrow"),
                    keccak256("1"),
                    bytes32(block.chainid),
                    _word(address(escrow))
                )
            );
    }

    function _statesSlot() private pure returns (uint256 slot) {
        assembly {
            slot := states.slot
        }
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
