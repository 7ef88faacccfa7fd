#!/bin/sh
# A self-signed certificate for localhost, with openssl and nothing else.
# Writes cert.pem and key.pem next to this script; asks before it overwrites them.
# `ihe-mock-async certs` makes a CA, other host names and client certificates, too.
set -eu
umask 077 # the key is for its owner only

directory=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cert=$directory/cert.pem
key=$directory/key.pem

if ! command -v openssl >/dev/null 2>&1; then
    echo "Error: openssl is not installed; use 'ihe-mock-async certs' instead." >&2
    exit 2
fi

if [ -e "$cert" ] || [ -e "$key" ]; then
    printf '%s and key.pem exist. Overwrite them? [y/N] ' "$cert"
    read -r answer || answer=
    case $answer in
    [yY] | [yY][eE][sS]) ;;
    *)
        echo "Nothing was changed." >&2
        exit 1
        ;;
    esac
fi

# Written aside and then renamed: a failure leaves the old pair as it was.
work=$(mktemp -d "$directory/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A configuration file instead of -addext, which LibreSSL before 3.1 does not know.
cat >"$work/request.cnf" <<'END'
[req]
distinguished_name = subject
x509_extensions = server
prompt = no

[subject]
O = IHE Mock
CN = localhost

[server]
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
END

if ! openssl req -x509 -newkey rsa:2048 -sha256 -nodes -days 365 -config "$work/request.cnf" \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/log"; then
    cat "$work/log" >&2
    exit 2
fi
mv -f "$work/key.pem" "$key"
mv -f "$work/cert.pem" "$cert"

echo "Certificate: $cert (CN=localhost, 365 days)"
echo "Private key: $key"
echo "Start with:  ihe-mock-async start --https"
