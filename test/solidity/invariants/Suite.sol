// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IComplianceRegistry} from "../../../contracts/interfaces/IComplianceRegistry.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IUpgradeController} from "../../../contracts/interfaces/IUpgradeController.sol";
import {MockSanctionsOracle} from "../../../contracts/mocks/MockSanctionsOracle.sol";
import {TestUSDC} from "../../../contracts/mocks/tokens/TestUSDC.sol";
import {TestUSDT} from "../../../contracts/mocks/tokens/TestUSDT.sol";
import {ListMode, Policy} from "../../../contracts/types/ComplianceTypes.sol";
import {NATIVE_COIN, TokenConfig} from "../../../contracts/types/PaymentTypes.sol";
import {Artifacts} from "../Artifacts.sol";
import {VM} from "../Vm.sol";
import {Officers} from "./Officers.sol";
import {TurncoatToken} from "./mocks/TurncoatToken.sol";
import {ReentrantWallet} from "./mocks/Wallets.sol";

/// @dev What the test tokens have in common. USDT's `approve` answers nothing.
interface IOpenToken {
    function mint(address to, uint256 amount) external;

    function approve(address spender, uint256 amount) external;
}

/// @title The whole of Holdfast as `deploy/` puts it on a chain, with tokens and the people who use it
contract Suite {
    uint256 public constant NOW = 1_800_000_000;
    /// @notice What every party has of every token before it begins.
    uint256 public constant FORTUNE = 1e30;
    uint32 public constant ROLLBACK_WINDOW = 14 days;
    /// @notice Most that operators may ever move of a token at once; configuring only lowers it.
    uint208 public constant OUTFLOW_LIMIT = 4e7;
    uint48 public constant OUTFLOW_WINDOW = 1 days;
    uint128 public constant APPROVAL_THRESHOLD = 3e7;
    uint104 public constant CAP = 1e9;
    /// @notice How many of the parties are accounts with a key; the others are contracts, whose owners sign for them.
    uint256 public constant PEOPLE = 4;

    IAccessManager public immutable manager;
    IUpgradeController public immutable controller;
    IComplianceRegistry public immutable registry;
    IEscrow public immutable escrow;
    address public immutable permit2;
    MockSanctionsOracle public immutable oracle;
    TestUSDC public immutable usdc;
    TestUSDT public immutable usdt;
    TurncoatToken public immutable turncoat;
    ReentrantWallet public immutable reentrantWallet;

    address[] private _tokens;
    address[] private _parties;
    uint256[] private _keys;
    address[] private _feeRecipients;

    constructor() {
        VM.warp(NOW);
        manager = IAccessManager(Artifacts.deploy("AccessManager", abi.encode(address(this))));
        controller = IUpgradeController(
            Artifacts.deploy("UpgradeController", abi.encode(manager, ROLLBACK_WINDOW))
        );
        registry = IComplianceRegistry(_proxy(newRegistry()));
        permit2 = Artifacts.deploy("Permit2", "");
        escrow = IEscrow(_proxy(newEscrow("Escrow")));
        registry.setEscrow(address(escrow));
        registry.setPolicy(Policy(true, ListMode.Deny, 70, address(0)));

        oracle = MockSanctionsOracle(Artifacts.deploy("MockSanctionsOracle", ""));
        usdc = TestUSDC(Artifacts.deploy("TestUSDC", ""));
        usdt = TestUSDT(Artifacts.deploy("TestUSDT", ""));
        turncoat = TurncoatToken(Artifacts.deploy("TurncoatToken", ""));
        _tokens = [address(usdc), address(usdt), address(turncoat), NATIVE_COIN];
        for (uint256 i = 0; i < _tokens.length; ++i) {
            escrow.configureToken(
                _tokens[i],
                TokenConfig(true, CAP, APPROVAL_THRESHOLD, OUTFLOW_LIMIT, OUTFLOW_WINDOW)
            );
        }
        Officers.appoint(manager, controller, registry, escrow);

        for (uint256 i = 0; i < PEOPLE; ++i) _join("");
        _join("MockContractWallet");
        _join("GasBurningWallet");
        reentrantWallet = ReentrantWallet(payable(_join("ReentrantWallet")));
        _feeRecipients = [
            address(uint160(uint256(keccak256("fees")))),
            Artifacts.deploy("MockContractWallet", abi.encode(address(this)))
        ];
    }

    /// @notice A fresh implementation of the escrow. Like {deploy}, it names registry and Permit2.
    function newEscrow(string memory name) public returns (address) {
        return Artifacts.deploy(name, abi.encode(registry, permit2));
    }

    function newRegistry() public returns (address) {
        return Artifacts.deploy("ComplianceRegistry", "");
    }

    function tokens() external view returns (address[] memory) {
        return _tokens;
    }

    function parties() external view returns (address[] memory) {
        return _parties;
    }

    function feeRecipients() external view returns (address[] memory) {
        return _feeRecipients;
    }

    /// @notice Signature of the `index`th party, 65 bytes; for a wallet, its owner's.
    function signatureOf(uint256 index, bytes32 digest) external view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(_keys[index], digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice What `account` has of `token`, credit with the escrow included.
    function wealthOf(address token, address account) external view returns (uint256) {
        if (account == address(0)) return 0;
        return balanceOf(token, account) + escrow.creditOf(token, account);
    }

    function balanceOf(address token, address account) public view returns (uint256) {
        return token == NATIVE_COIN ? account.balance : IERC20(token).balanceOf(account);
    }

    function _proxy(address implementation) private returns (address) {
        return
            controller.deployProxy(
                implementation,
                abi.encodeWithSignature("initialize(address)", address(manager))
            );
    }

    /// @dev A new party, rich, with every approval given; with a wallet of that kind, unless it is empty.
    function _join(string memory wallet) private returns (address party) {
        uint256 key = uint256(keccak256(abi.encode("party", _parties.length)));
        party = VM.addr(key);
        if (bytes(wallet).length != 0) party = Artifacts.deploy(wallet, abi.encode(party));
        _parties.push(party);
        _keys.push(key);

        VM.deal(party, FORTUNE);
        for (uint256 i = 0; i < 3; ++i) {
            address token = _tokens[i];
            IOpenToken(token).mint(party, FORTUNE);
            VM.prank(party);
            IOpenToken(token).approve(address(escrow), type(uint256).max);
            VM.prank(party);
            IOpenToken(token).approve(permit2, type(uint256).max);
        }
    }
}
