function yes = standInSince(release)
%STANDINSINCE  Whether the release that the stand-in plays is RELEASE or newer.
this = getenv('CIFARX_STANDIN_RELEASE');
both = sort({release, this});
yes = strcmp(this, release) || strcmp(both{2}, this);
end
