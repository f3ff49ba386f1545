#!/bin/bash
# Does the store take writes? Asks `hello` in MongoDB's protocol (OP_MSG with one BSON document; the
# image has no shell of MongoDB's). A member of a set that is none yet is made its only one.
set -eu
port=${1:-27017}  # of five digits: the message below has a fixed length

ask() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    # shellcheck disable=SC2059  the message is the format
    printf "$1" >&3
    # An answer begins with its length; it has come when it stops coming, within a second.
    timeout 1 cat <&3 || true
    exec 3>&-
}

header='\1\0\0\0\0\0\0\0\335\7\0\0\0\0\0\0\0'
hello="\\064\0\0\0$header\\037\0\0\0\\020hello\0\1\0\0\0\2\$db\0\6\0\0\0admin\0\0"
# {replSetInitiate: {_id: "rs0", members: [{_id: 0, host: "localhost:PORT"}]}, $db: "admin"}
initiate="\\205\0\0\0${header}p\0\0\0\3replSetInitiate\0K\0\0\0\2_id\0\4\0\0\0rs\\060\0\4members\0\\060\0\0\0\3\\060\0(\0\0\0"
initiate+="\\020_id\0\0\0\0\0\2host\0\\020\0\0\0localhost:$port\0\0\0\0\2\$db\0\6\0\0\0admin\0\0"

ask "$hello" | grep -qaP 'isWritablePrimary\x00\x01' && exit 0
ask "$initiate" >/dev/null
exit 1
