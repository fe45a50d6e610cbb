//! The order of client classes, and what depends on what.
//!
//! A class may depend on classes before it alone. Whether a client is *known* shows only after its
//! reservation was looked for, so a class must not begin or cease to depend on that, even by way of
//! others, while there are classes that depend on it.

use super::Routine;
use crate::Dialect;

const ORDER_PG: &str = "\
#variable_conflict use_variable
DECLARE
    moved bigint := id;
    place bigint;
BEGIN
    -- Whoever changes a class names what it depends on anew.
    UPDATE dhcp$F_client_class_order o SET depend_on_known_indirectly = false
    WHERE o.class_id = moved;
    IF FOUND AND new_follow_class_name IS NOT DISTINCT FROM old_follow_class_name THEN
        RETURN;
    END IF;
    IF new_follow_class_name IS NULL THEN
        SELECT coalesce(max(o.order_index), 0) + 1 INTO place FROM dhcp$F_client_class_order o;
    ELSE
        SELECT o.order_index + 1 INTO place FROM dhcp$F_client_class_order o
        JOIN dhcp$F_client_class c ON c.id = o.class_id WHERE c.name = new_follow_class_name;
        IF place IS NULL THEN
            RAISE EXCEPTION 'Class % does not exist.', new_follow_class_name;
        END IF;
        UPDATE dhcp$F_client_class_order o SET order_index = o.order_index + 1
        WHERE o.order_index >= place;
    END IF;
    INSERT INTO dhcp$F_client_class_order AS o (class_id, order_index, depend_on_known_indirectly)
    VALUES (moved, place, false)
    ON CONFLICT (class_id) DO UPDATE SET order_index = excluded.order_index;
    IF EXISTS (
        SELECT 1 FROM dhcp$F_client_class_dependency d
        JOIN dhcp$F_client_class_order later ON later.class_id = d.class_id
        JOIN dhcp$F_client_class_order sooner ON sooner.class_id = d.dependency_id
        WHERE moved IN (d.class_id, d.dependency_id) AND later.order_index <= sooner.order_index)
    THEN
        RAISE EXCEPTION 'Unable to move class with id % because it would break its dependencies',
            moved;
    END IF;
END";

const ORDER_MY: &str = "\
order_of_class: BEGIN
    DECLARE place BIGINT;
    DECLARE refusal TEXT;
    DECLARE there TINYINT DEFAULT EXISTS (
        SELECT 1 FROM dhcp$F_client_class_order o WHERE o.class_id = id);
    UPDATE dhcp$F_client_class_order o SET o.depend_on_known_indirectly = 0 WHERE o.class_id = id;
    IF there AND follow_class_name <=> old_follow_class_name THEN
        LEAVE order_of_class;
    END IF;
    IF follow_class_name IS NULL THEN
        SET place = (SELECT COALESCE(MAX(o.order_index), 0) + 1 FROM dhcp$F_client_class_order o);
    ELSE
        SET place = (
            SELECT o.order_index + 1 FROM dhcp$F_client_class_order o
            JOIN dhcp$F_client_class c ON c.id = o.class_id WHERE c.name = follow_class_name);
        IF place IS NULL THEN
            SET refusal = CONCAT('Class ', follow_class_name, ' does not exist.');
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = refusal;
        END IF;
        UPDATE dhcp$F_client_class_order o SET o.order_index = o.order_index + 1
        WHERE o.order_index >= place;
    END IF;
    INSERT INTO dhcp$F_client_class_order (class_id, order_index, depend_on_known_indirectly)
    VALUES (id, place, 0)
    ON DUPLICATE KEY UPDATE order_index = place;
    IF EXISTS (
        SELECT 1 FROM dhcp$F_client_class_dependency d
        JOIN dhcp$F_client_class_order later ON later.class_id = d.class_id
        JOIN dhcp$F_client_class_order sooner ON sooner.class_id = d.dependency_id
        WHERE id IN (d.class_id, d.dependency_id) AND later.order_index <= sooner.order_index)
    THEN
        SET refusal = CONCAT('Unable to move class with id ', id,
            ' because it would break its dependencies');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = refusal;
    END IF;
END";

const DEPENDENCY_PG: &str = "\
BEGIN
    IF p_class_id = p_dependency_id THEN
        RAISE EXCEPTION 'Client class must not have dependency on self.';
    END IF;
    IF EXISTS (
        SELECT 1 FROM dhcp$F_client_class_order own, dhcp$F_client_class_order other
        WHERE own.class_id = p_class_id AND other.class_id = p_dependency_id
            AND own.order_index <= other.order_index)
    THEN
        RAISE EXCEPTION 'Client class with id % must not depend on class defined later with id %',
            p_class_id, p_dependency_id;
    END IF;
END";

const DEPENDENCY_MY: &str = "\
BEGIN
    DECLARE refusal TEXT;
    IF class_id = dependency_id THEN
        SIGNAL SQLSTATE '45000'
        SET MESSAGE_TEXT = 'Client class must not have dependency on self.';
    END IF;
    IF EXISTS (
        SELECT 1 FROM dhcp$F_client_class_order own, dhcp$F_client_class_order other
        WHERE own.class_id = class_id AND other.class_id = dependency_id
            AND own.order_index <= other.order_index)
    THEN
        SET refusal = CONCAT('Client class with id ', class_id,
            ' must not depend on class defined later with id ', dependency_id);
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = refusal;
    END IF;
END";

const KNOWN_PG: &str = "\
BEGIN
    UPDATE dhcp$F_client_class_order o SET depend_on_known_indirectly = true
    WHERE o.class_id = client_class_id AND EXISTS (
        SELECT 1 FROM dhcp$F_client_class c
        LEFT JOIN dhcp$F_client_class_order other ON other.class_id = c.id
        WHERE c.id = updatedhcpv$Fclientclassknowndependency.dependency_id
            AND (c.depend_on_known_directly OR coalesce(other.depend_on_known_indirectly, false)));
END";

const KNOWN_MY: &str = "\
BEGIN
    DECLARE known TINYINT DEFAULT EXISTS (
        SELECT 1 FROM dhcp$F_client_class c
        LEFT JOIN dhcp$F_client_class_order other ON other.class_id = c.id
        WHERE c.id = dependency_id
            AND (c.depend_on_known_directly OR COALESCE(other.depend_on_known_indirectly, 0)));
    IF known THEN
        UPDATE dhcp$F_client_class_order o SET o.depend_on_known_indirectly = 1
        WHERE o.class_id = client_class_id;
    END IF;
END";

/// Compares with what the class was when its change began.
const CHANGE_PG: &str = "\
DECLARE
    changed bigint := get_session_big_int('kea.client_class_id');
    before boolean := get_session_boolean('kea.client_class_known');
BEGIN
    IF EXISTS (
        SELECT 1 FROM dhcp$F_client_class c
        LEFT JOIN dhcp$F_client_class_order o ON o.class_id = c.id
        WHERE c.id = changed AND before IS DISTINCT FROM
            (c.depend_on_known_directly OR coalesce(o.depend_on_known_indirectly, false)))
        AND EXISTS (
            SELECT 1 FROM dhcp$F_client_class_dependency d WHERE d.dependency_id = changed)
    THEN
        RAISE EXCEPTION 'Class dependency on KNOWN/UNKNOWN built-in classes must not change.';
    END IF;
END";

const CHANGE_MY: &str = "\
BEGIN
    IF EXISTS (
        SELECT 1 FROM dhcp$F_client_class c
        LEFT JOIN dhcp$F_client_class_order o ON o.class_id = c.id
        WHERE c.id = @client_class_id AND @client_class_known <>
            (c.depend_on_known_directly OR COALESCE(o.depend_on_known_indirectly, 0)))
        AND EXISTS (
            SELECT 1 FROM dhcp$F_client_class_dependency d
            WHERE d.dependency_id = @client_class_id)
    THEN
        SIGNAL SQLSTATE '45000'
        SET MESSAGE_TEXT = 'Class dependency on KNOWN/UNKNOWN built-in classes must not change.';
    END IF;
END";

const INSERTED_PG: &str = "\
BEGIN
    PERFORM setClientClass$FOrder(NEW.id, NEW.follow_class_name, NULL);
    PERFORM createAuditEntryDHCP$F('dhcp$F_client_class', NEW.id, 'create');
    RETURN NULL;
END";

const UPDATED_PG: &str = "\
BEGIN
    PERFORM set_session_value('kea.client_class_id', NEW.id::bigint);
    PERFORM set_session_value('kea.client_class_known', OLD.depend_on_known_directly OR coalesce((
        SELECT o.depend_on_known_indirectly FROM dhcp$F_client_class_order o
        WHERE o.class_id = NEW.id), false));
    PERFORM setClientClass$FOrder(NEW.id, NEW.follow_class_name, OLD.follow_class_name);
    PERFORM createAuditEntryDHCP$F('dhcp$F_client_class', NEW.id, 'update');
    RETURN NULL;
END";

const DELETED_PG: &str = "\
BEGIN
    PERFORM createAuditEntryDHCP$F('dhcp$F_client_class', OLD.id, 'delete');
    RETURN NULL;
END";

const INSERTED_MY: &str = "\
BEGIN
    CALL setClientClass$FOrder(NEW.id, NEW.follow_class_name, NULL);
    CALL createAuditEntryDHCP$F('dhcp$F_client_class', NEW.id, 'create');
END";

const UPDATED_MY: &str = "\
BEGIN
    SET @client_class_id = NEW.id;
    SET @client_class_known = OLD.depend_on_known_directly OR COALESCE((
        SELECT o.depend_on_known_indirectly FROM dhcp$F_client_class_order o
        WHERE o.class_id = NEW.id), 0);
    CALL setClientClass$FOrder(NEW.id, NEW.follow_class_name, OLD.follow_class_name);
    CALL createAuditEntryDHCP$F('dhcp$F_client_class', NEW.id, 'update');
END";

const DELETED_MY: &str = "\
BEGIN
    CALL createAuditEntryDHCP$F('dhcp$F_client_class', OLD.id, 'delete');
END";

/// All of one family, `4` or `6`.
pub(super) fn of(dialect: Dialect, family: char) -> Vec<Routine> {
    if dialect == Dialect::PostgreSql { postgresql(family) } else { mysql(family) }
}

fn postgresql(family: char) -> Vec<Routine> {
    let function = |name: String, arguments: &str, body: &str| {
        Routine::postgresql(&name, arguments, "void", &fill(body, family))
    };
    let mut all = vec![
        function(
            format!("setclientclass{family}order"),
            "id bigint, new_follow_class_name character varying, old_follow_class_name character \
             varying",
            ORDER_PG,
        ),
        function(
            format!("checkdhcpv{family}clientclassdependency"),
            "p_class_id bigint, p_dependency_id bigint",
            DEPENDENCY_PG,
        ),
        function(
            format!("updatedhcpv{family}clientclassknowndependency"),
            "client_class_id bigint, dependency_id bigint",
            KNOWN_PG,
        ),
        function(format!("checkdhcpv{family}clientclassknowndependencychange"), "", CHANGE_PG),
    ];
    let classes = format!("dhcp{family}_client_class");
    let dependencies = format!("{classes}_dependency");
    let check = "BEGIN\n    PERFORM checkDHCPv$FClientClassDependency(NEW.class_id, \
                 NEW.dependency_id);\n    RETURN NEW;\nEND";
    let update = "BEGIN\n    PERFORM updateDHCPv$FClientClassKnownDependency(NEW.class_id, \
                  NEW.dependency_id);\n    RETURN NULL;\nEND";
    for (name, when, table, body) in [
        (format!("{classes}_ains"), "AFTER INSERT", &classes, INSERTED_PG),
        (format!("{classes}_aupd"), "AFTER UPDATE", &classes, UPDATED_PG),
        (format!("{classes}_adel"), "AFTER DELETE", &classes, DELETED_PG),
        (format!("{classes}_check_dependency_bins"), "BEFORE INSERT", &dependencies, check),
        (format!("{dependencies}_ains"), "AFTER INSERT", &dependencies, update),
    ] {
        all.extend(Routine::postgresql_trigger(&name, when, table, &fill(body, family)));
    }
    all
}

fn mysql(family: char) -> Vec<Routine> {
    let procedure = |name: String, arguments: &str, body: &str| {
        Routine::procedure(&name, arguments, &fill(body, family))
    };
    let mut all = vec![
        procedure(
            format!("setClientClass{family}Order"),
            "IN id BIGINT UNSIGNED, IN follow_class_name VARCHAR(128), IN old_follow_class_name \
             VARCHAR(128)",
            ORDER_MY,
        ),
        procedure(
            format!("checkDHCPv{family}ClientClassDependency"),
            "IN class_id BIGINT UNSIGNED, IN dependency_id BIGINT UNSIGNED",
            DEPENDENCY_MY,
        ),
        procedure(
            format!("updateDHCPv{family}ClientClassKnownDependency"),
            "IN client_class_id BIGINT UNSIGNED, IN dependency_id BIGINT UNSIGNED",
            KNOWN_MY,
        ),
        procedure(format!("checkDHCPv{family}ClientClassKnownDependencyChange"), "", CHANGE_MY),
    ];
    let classes = format!("dhcp{family}_client_class");
    let dependencies = format!("{classes}_dependency");
    let check = "BEGIN\n    CALL checkDHCPv$FClientClassDependency(NEW.class_id, \
                 NEW.dependency_id);\nEND";
    let update = "BEGIN\n    CALL updateDHCPv$FClientClassKnownDependency(NEW.class_id, \
                  NEW.dependency_id);\nEND";
    for (name, when, table, body) in [
        (format!("{classes}_AINS"), "AFTER INSERT", &classes, INSERTED_MY),
        (format!("{classes}_AUPD"), "AFTER UPDATE", &classes, UPDATED_MY),
        (format!("{classes}_ADEL"), "AFTER DELETE", &classes, DELETED_MY),
        (format!("{classes}_check_dependency_BINS"), "BEFORE INSERT", &dependencies, check),
        (format!("{dependencies}_AINS"), "AFTER INSERT", &dependencies, update),
    ] {
        all.push(Routine::mysql_trigger(&name, when, table, &fill(body, family)));
    }
    all
}

fn fill(text: &str, family: char) -> String {
    text.replace("$F", &family.to_string())
}
