//! What free units and batches cost PostgreSQL: `cargo bench -p lessor-postgresql`.

use lessor_postgresql::open;
use lessor_schema::{Dialect, Revision, create};
use lessor_sql::Access;
use lessor_store_contract::measure::{FIRST, Measured, POOL, cpu_of_server};
use lessor_testbed::{Engine, Server, Setup};
use tokio::runtime::Builder;

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let server = Server::start(Setup::new(Engine::PostgreSql)).expect("a server");
    let database = server.fresh_database();
    let statements = create(Dialect::PostgreSql, Revision::NEWEST).into_iter();
    let text: String = statements.map(|statement| statement.sql + ";\n").collect();
    database.query(&text).expect("tables");
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let access = Access {
        name: database.name().to_owned(),
        host: server.folder().display().to_string(),
        user: "lessor".to_owned(),
        ..Access::default()
    };
    let pid = std::fs::read_to_string(server.folder().join("pid")).expect("a process number");
    let pid: u32 = pid.trim().parse().expect("a number");
    let measured = Measured {
        runtime: &runtime,
        open: &|| runtime.block_on(open(&access)).expect("a store").0,
        say: &|sql| {
            database.query(sql).expect("statements");
        },
        cpu: &|| cpu_of_server(pid),
    };
    let fill = |free: u32| {
        let left = POOL.checked_div(free);
        let left = left.map_or_else(|| "false".to_owned(), |step| format!("n % {step} = 0"));
        format!(
            "TRUNCATE lease4; INSERT INTO lease4 (address, hwaddr, valid_lifetime, expire, \
             subnet_id, fqdn_fwd, fqdn_rev, hostname, state) SELECT {FIRST} + n, \
             decode(lpad(to_hex(n), 12, '0'), 'hex'), 3600, to_timestamp(1700003600), 7, false, \
             false, '', 0 FROM generate_series(0, {POOL} - 1) n WHERE NOT ({left}); \
             VACUUM ANALYZE lease4"
        )
    };
    println!("{}", measured.free_units(&[POOL / 2, 10_486, 1049, 105, 1, 0], &fill));
    database.query("TRUNCATE lease4").expect("an empty table");
    println!("{}", measured.batches(&[1, 10, 100, 500]));
    database.query("ALTER TABLE lease4 DISABLE TRIGGER USER").expect("no statistics");
    println!("without triggers\n{}", measured.batches(&[1, 10, 100, 500]));
}
