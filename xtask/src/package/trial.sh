# Arguments: a folder to mount in, the package of the server, the package for Kea's place.
place=$1 server=$2 compat=$3

say() { echo "── $*"; }
fail() {
    cat "$place/log" >&2 2>/dev/null || true
    echo "trial: $*" >&2
    exit 1
}

mount --make-rprivate /
# The numbers of this namespace.
mount -t proc proc /proc
cp "$server" "$place/server.deb.new"
cp "$compat" "$place/compat.deb.new"
server_deb=$(mktemp) compat_deb=$(mktemp)
mv "$place/server.deb.new" "$server_deb"
mv "$place/compat.deb.new" "$compat_deb"
mount -t tmpfs none "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay overlay \
    -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
root=$place/root
mv "$server_deb" "$root/server.deb"
mv "$compat_deb" "$root/compat.deb"
mount -t proc proc "$root/proc"
mount -t sysfs none "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
chmod 1777 "$root/tmp"
in_root() { chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

# One value of a unit.
of() { sed -n "s/^$2=//p" "$root/lib/systemd/system/$1.service" | head -n 1; }

# A command line of a unit, by its user and with its capabilities.
as() {
    unit=$1
    shift
    caps=$(of "$unit" AmbientCapabilities | tr 'A-Z' 'a-z' | sed 's/cap_/+/g; s/ /,/g')
    in_root setpriv --reuid "$(of "$unit" User)" --regid "$(of "$unit" Group)" --init-groups \
        --inh-caps "-all,$caps" --ambient-caps "-all,$caps" --bounding-set "-all,$caps" \
        --no-new-privs "$@"
}

# Waits until a command succeeds.
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "not within 20 s: $*"
        sleep 0.1
    done
}

say "install lessor"
in_root dpkg -i /server.deb >/dev/null
in_root getent passwd lessor >/dev/null || fail "no user was made"
mode=$(stat -c '%U:%G %a' "$root/etc/lessor")
in_root stat -c '%U:%G %a' /etc/lessor | grep -qx 'root:lessor 750' || fail "/etc/lessor is $mode"
in_root lessor -T /etc/lessor/kea-dhcp4.conf
in_root man -l /usr/share/man/man8/lessor.8.gz >/dev/null 2>&1 ||
    say "SKIPPED: the manual page: there is no man here"
if in_root sh -c 'command -v systemd-analyze' >/dev/null; then
    in_root systemd-analyze verify --man=no /usr/lib/systemd/system/lessor-dhcp4.service
else
    say "SKIPPED: the unit: there is no systemd-analyze here"
fi

say "a link with a client"
ip link set lo up
unshare --net sleep 600 &
client=$!
sleep 0.2
ip link add served0 type veth peer name client0
ip link set client0 netns "$client"
ip addr add 192.0.2.1/24 dev served0
ip link set served0 up
nsenter -t "$client" -n ip link set client0 up
cat >"$root/etc/lessor/kea-dhcp4.conf" <<'CONF'
{ "Dhcp4": {
    "interfaces-config": { "interfaces": [ "served0" ] },
    "control-sockets": [ { "socket-type": "unix", "socket-name": "/run/lessor/kea4-ctrl-socket" } ],
    "subnet4": [ { "id": 1, "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.10-192.0.2.99" } ] } ] } }
CONF

unit=lessor-dhcp4
say "serve by the unit: $(of $unit ExecStart)"
in_root install -d -o lessor -g lessor -m 0750 /run/lessor /var/lib/lessor
# shellcheck disable=SC2046
as $unit $(of $unit ExecStart) >"$place/log" 2>&1 &
serving=$!
until_true in_root test -S /run/lessor/kea4-ctrl-socket
until_true sh -c "chroot $root lessor status | grep -q '^interfaces: ready'"
nsenter -t "$client" -n udhcpc -i client0 -n -q -f -t 10 -s /bin/true ||
    fail "the client got no lease"
in_root lessor status
in_root lessor status | grep -q '^leases: 1$' || fail "the lease is not there"
if command -v perfdhcp >/dev/null; then
    # It speaks as a relay, from an address of its own.
    nsenter -t "$client" -n ip addr add 192.0.2.2/24 dev client0
    nsenter -t "$client" -n perfdhcp -4 -l client0 -r 40 -R 60 -n 60 -W 1000000 192.0.2.1 \
        >"$place/perfdhcp" 2>&1 || fail "perfdhcp: $(cat "$place/perfdhcp")"
    in_root lessor status | grep -q '^leases: 61$' || fail "not all 60 of perfdhcp's are there"
else
    say "SKIPPED: perfdhcp: it is not installed"
fi
pid=$(cat "$root/run/lessor/kea-dhcp4.kea-dhcp4.pid")
# Numbers 10 and 13: low ports and packet sockets.
grep -q '^CapEff:.0*2400$' "$root/proc/$pid/status" || fail "$(grep Cap "$root/proc/$pid/status")"
# shellcheck disable=SC2046
as $unit $(of $unit ExecReload)
in_root lessor stop
wait "$serving" || fail "the server ended with $?"
grep -q '192.0.2.10' "$root/var/lib/lessor/kea-leases4.csv" || fail "the lease was not kept"

say "put it in Kea's place"
in_root dpkg -i /compat.deb >/dev/null
[ "$(in_root readlink -f /usr/sbin/kea-dhcp4)" = /usr/sbin/lessor ] || fail "kea-dhcp4 is another"
! in_root dpkg-query -W -f '${Status}' kea-dhcp4-server 2>/dev/null | grep -q ' installed$' ||
    fail "both are installed"
unit=kea-dhcp4-server
in_root install -d /etc/kea
in_root install -d -o _kea -g _kea /run/kea /var/lib/kea
[ -e "$root/etc/kea/kea-dhcp4.conf" ] || echo '{ "Dhcp4": { } }' >"$root/etc/kea/kea-dhcp4.conf"
say "serve by the unit: $(of $unit ExecStart)"
# shellcheck disable=SC2046
as $unit $(of $unit ExecStart) >"$place/log" 2>&1 &
serving=$!
until_true test -s "$root/run/kea/kea-dhcp4.kea-dhcp4.pid"
until_true grep -q DHCP4_STARTED "$place/log"
pid=$(cat "$root/run/kea/kea-dhcp4.kea-dhcp4.pid")
[ "$(cat "$root/proc/$pid/comm")" = kea-dhcp4 ] || fail "the process has another name"
kill "$pid"
wait "$serving" || fail "the server ended with $?"

say "remove both"
in_root dpkg -P lessor-kea-compat lessor >/dev/null
for gone in /usr/sbin/lessor /etc/lessor /var/lib/lessor; do
    [ ! -e "$root$gone" ] || fail "$gone is left"
done
kill "$client"
say "installed, served, removed"
