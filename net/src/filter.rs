//! Classic BPF programs that keep packets which are not the server's from waking it.
//!
//! A program is data here; [`raw`](crate::raw) and [`udp`](crate::udp) attach it.

use std::net::Ipv4Addr;

use crate::claim::{Claim, Served};

/// One instruction, as in `struct sock_filter` of Linux.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip if the test holds.
    pub jt: u8,
    /// How many instructions to skip if it does not.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

/// A program: at most 4096 instructions are accepted by the kernel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program(pub Vec<Instruction>);

// The kernel's encoding (linux/bpf_common.h): class | size | mode, or class | operation.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_X_HEADER_LEN: u16 = 0xb1;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

// Offsets that mean something beside the packet (linux/filter.h, SKF_AD_OFF and SKF_NET_OFF).
const PACKET_TYPE: u32 = 0xffff_f000 + 4;
const INTERFACE: u32 = 0xffff_f000 + 8;
const NETWORK_HEADER: u32 = 0xfff0_0000;

const IP_FRAGMENT: u32 = 6;
const IP_PROTOCOL: u32 = 9;
const IP_SOURCE: u32 = 12;
const IP_DEST: u32 = 16;
const UDP_DEST_PORT: u32 = 2;

/// `PACKET_BROADCAST`; `PACKET_HOST` is zero, and all else is for others or from ourselves.
const PACKET_BROADCAST: u32 = 1;
const FRAGMENTED: u32 = 0x3fff;
const WHOLE_PACKET: u32 = u32::MAX;

/// For the AF_PACKET socket (type `SOCK_DGRAM`: the packet begins with the IPv4 header) of
/// interface `index`: UDP to `port`, unfragmented, within the claim.
#[must_use]
pub fn packets(index: u32, port: u16, claim: &Claim) -> Program {
    let mut program = Program::default();
    program.load(LOAD_BYTE, PACKET_TYPE);
    program.reject_if(JUMP_GREATER, PACKET_BROADCAST);
    // A frame with a VLAN tag is also shown to the sockets of the interface beneath, under the
    // VLAN interface's index.
    program.load(LOAD_WORD, INTERFACE);
    program.require(index);
    program.load(LOAD_BYTE, 0);
    program.load(AND, 0xf0);
    program.require(0x40);
    program.load(LOAD_BYTE, IP_PROTOCOL);
    program.require(17);
    program.load(LOAD_HALF, IP_FRAGMENT);
    program.reject_if(JUMP_ANY_BIT, FRAGMENTED);
    program.load(LOAD_X_HEADER_LEN, 0);
    program.load(LOAD_HALF_AT_X, UDP_DEST_PORT);
    program.require(port.into());
    program.load(LOAD_WORD, IP_SOURCE);
    program.accept_if(0);
    program.load(LOAD_WORD, IP_DEST);
    for addr in claim.addrs() {
        program.accept_if(addr.to_bits());
    }
    program.answer(0);
    program
}

/// For the UDP socket of these interfaces: what no raw socket claims. (Such a program sees the
/// packet from the UDP header on, and the IPv4 header by a special offset.)
#[must_use]
pub fn datagrams(served: &[Served]) -> Program {
    let mut program = Program::default();
    for served in served {
        let mut verdict = Program::default();
        if let Some(claim) = &served.claim {
            verdict.load(LOAD_WORD, NETWORK_HEADER + IP_SOURCE);
            verdict.reject_if(JUMP_EQUAL, Ipv4Addr::UNSPECIFIED.to_bits());
            verdict.load(LOAD_WORD, NETWORK_HEADER + IP_DEST);
            for addr in claim.addrs() {
                verdict.reject_if(JUMP_EQUAL, addr.to_bits());
            }
        }
        verdict.answer(WHOLE_PACKET);
        program.load(LOAD_WORD, INTERFACE);
        program.push(JUMP_EQUAL, 1, 0, served.link.id.0);
        // A conditional jump reaches 255 instructions only; an interface may have more addresses.
        let over = u32::try_from(verdict.0.len()).unwrap_or(u32::MAX);
        program.push(JUMP, 0, 0, over);
        program.0.append(&mut verdict.0);
    }
    program.answer(0);
    program
}

impl Program {
    fn push(&mut self, code: u16, jt: u8, jf: u8, k: u32) {
        self.0.push(Instruction { code, jt, jf, k });
    }

    fn load(&mut self, code: u16, k: u32) {
        self.push(code, 0, 0, k);
    }

    fn answer(&mut self, octets: u32) {
        self.push(RETURN, 0, 0, octets);
    }

    fn require(&mut self, value: u32) {
        self.push(JUMP_EQUAL, 1, 0, value);
        self.answer(0);
    }

    fn reject_if(&mut self, test: u16, value: u32) {
        self.push(test, 0, 1, value);
        self.answer(0);
    }

    fn accept_if(&mut self, value: u32) {
        self.push(JUMP_EQUAL, 0, 1, value);
        self.answer(WHOLE_PACKET);
    }
}

#[cfg(test)]
mod tests;
