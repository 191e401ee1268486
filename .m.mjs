import pg from "pg";
import { postgresBackend } from "@taskwright/server/postgres";
const url="postgresql://root@127.0.0.1:5432/test"; const schema="tw_measure_filters";
const pool=new pg.Pool({connectionString:url,max:4});
await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
const b=postgresBackend({url,schema}); await b.schema.migrate(); await b.open();
console.time("fill");
await pool.query(`INSERT INTO ${schema}.taskwright_task (id,path,queue,priority,rank,run_after,enqueued_at,codec,input,max_retries)
 SELECT gen_random_uuid(), CASE WHEN n%10=0 THEN 'billing.invoice' ELSE 'mail.send' END,'default',0,n,n,n,'json',
 json_build_object('to','user'||(n%50000)||'@example.org','subject',md5(n::text),'body',repeat('x',120),'customer',json_build_object('id',n%1000,'plan',CASE WHEN n%3=0 THEN 'pro' ELSE 'free' END))::text,3 FROM generate_series(1,1000000) n`);
await pool.query(`INSERT INTO ${schema}.taskwright_finished (seq,status,queue,finished_at) SELECT seq,CASE WHEN seq%100=0 THEN 4 ELSE 3 END,'default',seq FROM ${schema}.taskwright_task WHERE seq<=950000`);
await pool.query(`INSERT INTO ${schema}.taskwright_due (queue,path,rank,seq,run_after) SELECT queue,path,rank,seq,run_after FROM ${schema}.taskwright_task WHERE seq>950000`);
await pool.query(`VACUUM ANALYZE ${schema}.taskwright_task; `).catch(()=>{}); for (const t of ['task','finished','due']) await pool.query(`VACUUM ANALYZE ${schema}.taskwright_${t}`);
console.timeEnd("fill");
async function t(name,f,n=5){ const ts=[]; let r; for(let i=0;i<n;i++){const s=performance.now(); r=await f(); ts.push(performance.now()-s);} ts.sort((a,b)=>a-b); console.log(name, "median", ts[n>>1].toFixed(1),"max",ts.at(-1).toFixed(1), r?.records? `records ${r.records.length} looked ${r.scan?.looked} cut ${r.scan?.isCutShort}`: JSON.stringify(r)?.slice(0,150)); return r;}
const eq=(path,value)=>({path,operator:"equals",value});
const list=(filter,o={})=>b.inspector.list({filter,cursor:null,offset:0,limit:50,...o});
await t("count 1M exact", ()=>b.inspector.countByQueue({now:1e12}));
await t("count 1M cap", ()=>b.inspector.countByQueue({now:1e12,cap:10000}));
await t("no index eq", ()=>list({path:"mail.send",input:[eq(["to"],"user77@example.org")]}));
await t("contains none", ()=>list({path:"mail.send",input:[{path:["to"],operator:"contains",value:"zzz"}]}));
let s=performance.now(), rounds=0, indexed=0, worst=0;
for(;;){const q=performance.now(); const a=await b.maintenance.indexInputs({limit:10000,keepFor:1e9,now:1e12}); worst=Math.max(worst,performance.now()-q); rounds++; indexed+=a.indexed; if(!a.more&&a.indexed===0)break;}
console.log("index",indexed,"in",rounds,"rounds",((performance.now()-s)/1000).toFixed(1),"s worst round",worst.toFixed(0));
const sz=await pool.query(`SELECT pg_size_pretty(pg_table_size('${schema}.taskwright_input_leaf')) t, pg_size_pretty(pg_indexes_size('${schema}.taskwright_input_leaf')) i, pg_size_pretty(pg_total_relation_size('${schema}.taskwright_task')) task`); console.log(sz.rows[0]);
await t("eq selective", ()=>list({path:"mail.send",input:[eq(["to"],"user77@example.org")]}),20);
await t("eq selective no path", ()=>list({input:[eq(["to"],"user77@example.org")]}),20);
await t("eq two", ()=>list({path:"mail.send",input:[eq(["customer","plan"],"pro"),eq(["to"],"user76@example.org")]}),20);
await t("eq unselective", ()=>list({path:"mail.send",input:[eq(["customer","plan"],"pro")]}),20);
await t("eq unselective+FAILED", ()=>list({path:"mail.send",statuses:["FAILED"],input:[eq(["customer","plan"],"pro")]}),20);
await t("eq none", ()=>list({path:"mail.send",input:[eq(["to"],"nobody")]}),20);
await t("in 3", ()=>list({path:"mail.send",input:[{path:["to"],operator:"in",value:["user1@example.org","user2@example.org","user3@example.org"]}]}),20);
await t("count input eq", ()=>b.inspector.count({filter:{path:"mail.send",input:[eq(["customer","id"],7)]},cap:10000,scanLimit:10000}));
await t("count failed", ()=>b.inspector.count({filter:{statuses:["FAILED"]},cap:10000,scanLimit:100000}));
await t("count queue none", ()=>b.inspector.count({filter:{queue:"none"},cap:10000,scanLimit:100000}),3);
console.log((await pool.query(`EXPLAIN (ANALYZE, BUFFERS) SELECT DISTINCT found.seq FROM json_array_elements_text('[${(await import("node:crypto")).createHash("sha256").update(JSON.stringify(["mail.send",["to"],"user77@example.org"])).digest().readUIntBE(0,6)}]'::json) AS wanted(hash) CROSS JOIN LATERAL (SELECT l.seq FROM ${schema}.taskwright_input_leaf l WHERE l.hash = wanted.hash::bigint AND l.seq < 900000 AND l.seq > 0 ORDER BY l.seq DESC LIMIT 500) found ORDER BY found.seq DESC LIMIT 500`)).rows.map(r=>r["QUERY PLAN"]).join("\n"));
for (const used of [true]) await t("purge 1000", ()=>b.maintenance.purge({statuses:["SUCCESSFUL"],finishedBefore:1e6,limit:1000,dryRun:false,now:1e12}),10);
if (process.env.KEEP!=="1") await pool.query(`DROP SCHEMA ${schema} CASCADE`);
await b.close(); await pool.end();
