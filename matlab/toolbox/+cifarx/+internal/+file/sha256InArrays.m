function digest = sha256InArrays(bytes)
%SHA256INARRAYS  SHA-256 in plain arrays, as FIPS 180-4 defines it.
%
%   DIGEST = CIFARX.INTERNAL.FILE.SHA256INARRAYS(BYTES) is the digest of the uint8 vector BYTES as
%   64 hexadecimal digits in lower case. All words are whole numbers below 2^32 in double
%   precision, and the names are those of the standard.
%   https://doi.org/10.6028/NIST.FIPS.180-4

bytes = reshape(bytes, [], 1);
count = numel(bytes);
ending = mod(floor(8 * count ./ 256.^(7:-1:0).'), 256);  % the length in bits, 64 bits wide
bytes = [bytes; 128; zeros(mod(55 - count, 64), 1); ending];
H = hex2dec({'6a09e667', 'bb67ae85', '3c6ef372', 'a54ff53a', ...
             '510e527f', '9b05688c', '1f83d9ab', '5be0cd19'});
K = floor(mod(nthroot(primes(311).', 3), 1) * 2^32);  % of the cube roots of 64 primes
tables = tablesOfRotations();
blocks = numel(bytes) / 64;
for first = 1:64:blocks
    last = min(first + 63, blocks);
    W = schedule(double(bytes(64 * (first - 1) + 1:64 * last))) + K;
    for block = 1:last - first + 1
        H = compressed(H, W(:, block), tables);
    end
end
digest = lower(reshape(dec2hex(H, 8).', 1, []));
end

function W = schedule(bytes)
%SCHEDULE  The 64 words of each block, 64-by-blocks.
W = reshape([2^24, 2^16, 2^8, 1] * reshape(bytes, 4, []), 16, []);
for t = 17:64
    x = W(t - 15, :);
    y = W(t - 2, :);
    sigma0 = bitxor(bitxor(rotated(x, 7), rotated(x, 18)), floor(x / 2^3));
    sigma1 = bitxor(bitxor(rotated(y, 17), rotated(y, 19)), floor(y / 2^10));
    W(t, :) = mod(W(t - 16, :) + sigma0 + W(t - 7, :) + sigma1, 2^32);
end
end

function tables = tablesOfRotations()
%TABLESOFROTATIONS  The sums of rotations of e and of a, for their lower and upper halves.
% The sum of a word is that of its lower half XOR that of its upper half.
low = (0:2^16 - 1).';
high = low * 2^16;
ofE = @(x) bitxor(bitxor(rotated(x, 6), rotated(x, 11)), rotated(x, 25));
ofA = @(x) bitxor(bitxor(rotated(x, 2), rotated(x, 13)), rotated(x, 22));
tables = struct('eLow', ofE(low), 'eHigh', ofE(high), 'aLow', ofA(low), 'aHigh', ofA(high));
end

function x = rotated(x, n)
%ROTATED  Words rotated to the right by N bits.
x = floor(x / 2^n) + mod(x, 2^n) * 2^(32 - n);
end

function H = compressed(H, W, tables)
%COMPRESSED  The 64 rounds of one block.
[a, b, c, d, e, f, g, h] = deal(H(1), H(2), H(3), H(4), H(5), H(6), H(7), H(8));
[eLow, eHigh] = deal(tables.eLow, tables.eHigh);
[aLow, aHigh] = deal(tables.aLow, tables.aHigh);
for t = 1:64
    upper = floor(e / 65536);
    sum1 = bitxor(eLow(e - 65536 * upper + 1), eHigh(upper + 1));
    T1 = h + sum1 + bitxor(g, bitand(e, bitxor(f, g))) + W(t);
    upper = floor(a / 65536);
    sum0 = bitxor(aLow(a - 65536 * upper + 1), aHigh(upper + 1));
    T2 = sum0 + bitxor(b, bitand(bitxor(a, b), bitxor(b, c)));
    h = g;
    g = f;
    f = e;
    e = mod(d + T1, 4294967296);
    d = c;
    c = b;
    b = a;
    a = mod(T1 + T2, 4294967296);
end
H = mod(H + [a; b; c; d; e; f; g; h], 4294967296);
end
