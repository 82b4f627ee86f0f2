import ipaddr from 'ipaddr.js';

/** Whether a text is an address, or a range in CIDR notation. */
export function isAddressRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}

/** Whether an address lies in one of some ranges. IPv4 inside IPv6 counts as what it is. */
export function isInRanges(address: string | undefined, ranges: readonly string[]): boolean {
  if (ranges.length === 0 || address === undefined || !ipaddr.isValid(address)) return false;
  const found = ipaddr.process(address);
  return ranges.some((range) => {
    const [network, bits] = ipaddr.isValidCIDR(range) ? ipaddr.parseCIDR(range) : wholeAddress(range);
    return network.kind() === found.kind() && found.match(network, bits);
  });
}

/** Whether an address is of this machine only. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === '127.0.0.1' || address === '::1') return true;
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

function wholeAddress(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
