import { sql } from "ponder";
import { db } from "ponder:api";

import { chainTime } from "./chain.js";
import { address } from "./inputs.js";

/** Roles that have been granted and not revoked; one whose `since` is still to come is among them. */
export async function permissions(args: { chainId: number; address: string }) {
  const who = address(args.address, "address");
  const chain = args.chainId;
  const { rows } = await db.execute(sql`
    select
      (select coalesce(json_agg(json_build_object(
         'roleId', m.role_id::text, 'label', r.label, 'since', m.since::text,
         'executionDelay', m.execution_delay::text, 'isActive', m.since <= ${chainTime(chain)},
         'functions', (select coalesce(json_agg(json_build_object('target', f.target, 'selector', f.selector)
                         order by f.target, f.selector), '[]')
                       from role_function f where f.chain_id = m.chain_id and f.role_id = m.role_id),
         'guardianOf', (select coalesce(json_agg(g.role_id::text order by g.role_id), '[]')
                        from role g where g.chain_id = m.chain_id and g.guardian_role_id = m.role_id),
         'adminOf', (select coalesce(json_agg(a.role_id::text order by a.role_id), '[]')
                     from role a where a.chain_id = m.chain_id and a.admin_role_id = m.role_id)
       ) order by m.role_id), '[]')
       from role_member m join role r on r.chain_id = m.chain_id and r.role_id = m.role_id
       where m.chain_id = ${chain} and m.account = ${who} and m.active) as roles,
      (select count(*)::int from payment
       where chain_id = ${chain} and buyer = ${who} and status <> 'Closed') as "openAsBuyer",
      (select count(*)::int from payment
       where chain_id = ${chain} and seller = ${who} and status <> 'Closed') as "openAsSeller",
      (select count(*)::int from payment
       where chain_id = ${chain} and arbiter = ${who} and status = 'Disputed') as "openAsArbiter",
      coalesce((select standing::text from compliance_record
                where chain_id = ${chain} and account = ${who}), 'Unlisted') as standing,
      coalesce((select expiry::text from compliance_record
                where chain_id = ${chain} and account = ${who}), '0') as "complianceExpiry"`);
  return { address: who, ...rows[0] };
}
