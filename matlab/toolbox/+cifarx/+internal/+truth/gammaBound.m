function g = gammaBound(terms, sums)
%GAMMABOUND  How far rounding may move a sum of products in single precision.
%
%   G = CIFARX.INTERNAL.TRUTH.GAMMABOUND(TERMS, SUMS) is the factor by which a sum of TERMS
%   products may differ from the true one, relative to the sum of their absolute
%   values, in any order of summation, with or without fused multiplications. It is
%   the lesser of
%
%      TERMS * u / (1 - TERMS * u),   u = 2^-24, which always holds, and
%      exp(lambda * sqrt(TERMS) * u + TERMS * u^2 / (1 - u)) - 1,
%
%   which holds where roundings are as good as independent (Higham and Mary, A New
%   Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41, 2019,
%   theorem 2.4). One sum exceeds the second with a chance of at most
%   2 * TERMS * exp(-lambda^2 * (1 - u)^2 / 2); lambda is such that one of SUMS sums
%   (default 1) does so once in a million times: 8 or so.

if nargin < 2
    sums = 1;
end
u = 2^-24;
lambda = sqrt(2 * log(2 * terms * sums * 1e6)) / (1 - u);
g = min(terms * u / (1 - terms * u), expm1(lambda * sqrt(terms) * u + terms * u^2 / (1 - u)));
end
