//! Values of a session: how a writer tells triggers what it is about, in PostgreSQL. MySQL has
//! variables for that.

use super::Routine;

pub(super) fn postgresql() -> Vec<Routine> {
    let mut all = vec![
        Routine::postgresql(
            "get_session_value",
            "name text",
            "text",
            "BEGIN\n    RETURN current_setting(name, true);\nEND",
        ),
        Routine::postgresql(
            "get_session_big_int",
            "name text",
            "bigint",
            "BEGIN\n    RETURN coalesce(nullif(current_setting(name, true), ''), '0')::bigint;\nEND",
        ),
        Routine::postgresql(
            "get_session_boolean",
            "name text",
            "boolean",
            "BEGIN\n    RETURN coalesce(nullif(current_setting(name, true), ''), \
             'false')::boolean;\nEND",
        ),
        Routine::postgresql(
            "gmt_epoch",
            "input_ts timestamp with time zone",
            "bigint",
            "BEGIN\n    RETURN extract(epoch FROM input_ts)::bigint;\nEND",
        ),
        // Whoever writes a row sets its time; the name is looked for all the same.
        Routine::postgresql(
            "modification_ts_update",
            "",
            "trigger",
            "BEGIN\n    RETURN NULL;\nEND",
        ),
    ];
    for kind in ["bigint", "boolean", "text"] {
        all.push(Routine::postgresql(
            "set_session_value",
            &format!("name text, value {kind}"),
            "void",
            "BEGIN\n    PERFORM set_config(name, coalesce(value::text, ''), false);\nEND",
        ));
    }
    all
}
